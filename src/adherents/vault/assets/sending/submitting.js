// « Envoyer » pressed: what the form names leaves now, or as soon as the last file has arrived.
const parts = window.sending;

parts.submitting = (form, { settings, page, entries, gathering, last }) => {
  const { words } = settings;
  let isWanted = false; // pressed while a file was on its way

  // What goes, in its order, and what was refused and is still on the page: exactly what the button counts.
  function write() {
    for (const old of form.querySelectorAll('input[name="order"], input[name="refused"]')) old.remove();
    const arrived = entries.all.filter((entry) => entry.state === "arrived").map((entry) => entry.row);
    const order = gathering
      .ordered([...entries.earlier("arrived"), ...arrived])
      .map((row) => ["order", row.dataset.id]);
    const refused = entries.all
      .filter((entry) => entry.reason)
      .map((entry) => ["refused", `${entry.reason}:${entry.file.name}`]);
    for (const [name, value] of [...order, ...refused.slice(0, settings.mostRefused)]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (last.isLeaving()) return;
    const stuck = entries.find("failed");
    if (stuck) {
      page.tell(words.unfinished, true);
      stuck.row.querySelector("[data-retry]").focus();
    } else if (entries.isAnyPending()) {
      isWanted = true;
      page.tell(words.wait);
    } else {
      write();
      last.leave();
      page.label();
    }
  });

  return {
    // Something else was chosen meanwhile.
    putOff() {
      isWanted = false;
      last.giveUp();
    },
    // No file has its turn to wait for any more.
    over() {
      page.label();
      if (!isWanted || entries.isAnyPending()) return;
      isWanted = false;
      page.tell("");
      form.requestSubmit(page.button);
    },
  };
};
