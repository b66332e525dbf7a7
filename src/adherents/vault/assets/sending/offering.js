// On a slow line: a lighter copy of a photo, offered with what it changes, and sent only where the member says so.
const parts = window.sending;
const LONG = 15; // seconds: worth asking

parts.offering = ({ settings, page, restart }) => {
  const { words } = settings;

  // `left`: seconds for the whole photo, at `rate` bytes a second.
  function offer(entry, left, rate) {
    if (!entry.lighter) return;
    const seconds = Math.max(Math.round(entry.lighter.size / rate), 1);
    if (seconds > left / 2) withdraw(entry); // the photo itself is nearly there
    if (entry.isOffered || left < LONG || seconds > left / 2) return;
    entry.isOffered = true;
    const box = entry.row.querySelector("[data-offer]");
    const text = parts.filled(words.offer, {
      left: Math.round(left),
      size: window.sized(entry.lighter.size),
      n: seconds,
    });
    box.querySelector("[data-words]").textContent = text;
    const button = box.querySelector("button");
    button.textContent = words.lighter;
    button.addEventListener("click", () => take(entry), { once: true });
    box.hidden = false;
    page.say(text);
  }

  function withdraw(entry) {
    entry.row.querySelector("[data-offer]").hidden = true;
  }

  function take(entry) {
    withdraw(entry);
    entry.row.querySelector("[data-remove]").focus();
    entry.upload?.takeBack();
    const { lighter } = entry;
    Object.assign(entry, { file: lighter, upload: null, blob: null, lighter: null, sent: 0 });
    entry.row.querySelector(".upload-name").textContent = lighter.name;
    restart(entry);
  }

  return { offer, withdraw };
};
