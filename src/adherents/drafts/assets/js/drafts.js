// What is being written is kept on the server while it is typed, also when the session has ended meanwhile. Until the server
// has it, it waits in this browser, sealed with a key that only the page and the server have; any later page hands it in.
const SHELF = "adherents-brouillon:";
const SOON = 800;
const AT_MOST = 4_000;
const AGAIN = 15_000;
const shelf = (act) => {
  try {
    return act(localStorage);
  } catch {
    return undefined; // no storage: the page's own memory is all there is
  }
};
// Without a history: a browser that brings a page back puts into its fields what stood there before.
const isNewPage = performance.getEntriesByType("navigation")[0]?.type === "navigate";
const post = async (address, fields, how = { keepalive: true }) => {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields), ...how });
  if (answer.status === 429 || answer.status >= 500) throw new Error("later");
  return answer.ok ? await answer.json() : { kept: false };
};
const base64 = (octets) => btoa(String.fromCharCode(...octets));
const onPage = [];
for (const holder of document.querySelectorAll("[data-draft]")) {
  const form = holder.form;
  const notice = form.querySelector("[data-draft-told]");
  const names = holder.dataset.fields.split(" ");
  const name = SHELF + crypto.getRandomValues(new Uint32Array(2)).join("-");
  const key = crypto.subtle?.importKey(
    "raw",
    Uint8Array.from(atob(holder.dataset.seal), (letter) => letter.charCodeAt(0)),
    "AES-GCM",
    false,
    ["encrypt"],
  );
  let [typed, kept, since, timer, shelving, revived, failed] = [0, 0, 0, 0, Promise.resolve(), false, false];
  let [underWay, isSent] = [null, false]; // underWay, the save on its way: version, when it left, whether it outlives the page, what stops it
  const isTouched = () =>
    names.some(
      (each) => (form.elements[each]?.defaultValue ?? form.elements[each]?.value) !== form.elements[each]?.value,
    );
  const words = () =>
    Object.fromEntries(
      names.filter((each) => form.elements[each]?.value).map((each) => [each, form.elements[each].value]),
    );
  const say = (what) => {
    if (!notice || notice.textContent === notice.dataset[what]) return;
    notice.textContent = notice.dataset[what];
    notice.hidden = false;
  };
  const tell = (answer) => {
    if (answer.here) document.dispatchEvent(new Event("adherents:here"));
    if (answer.kept) say(answer.here ? "kept" : "over");
    else if (!isSent) say("late");
  };
  const putOnShelf = async () => {
    if (!key) return;
    const version = typed;
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const clear = new TextEncoder().encode(JSON.stringify(words()));
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await key, clear));
    if (version <= kept) return;
    const line = {
      address: holder.dataset.draft,
      place: holder.value,
      sealed: base64([...nonce, ...sealed]),
      at: Date.now(),
    };
    shelf((store) => store.setItem(name, JSON.stringify(line)));
  };
  // One at a time: of two on their way the older one could arrive last. What happens to the page does not wait: it stops the older one.
  const waits = (event) => {
    if (!underWay || event?.type === "online" || Date.now() - underWay.at > AGAIN) return false;
    if (underWay.version === typed && (underWay.outlives || !event)) return true; // it has all the words
    if (!event) timer = setTimeout(save, SOON);
    return !event;
  };
  const save = async (event) => {
    clearTimeout(timer);
    if (typed === kept || waits(event)) return;
    underWay?.stop.abort(); // what outlives the page cannot be stopped, so what its timer saves does not
    const [version, outlives, stop] = [typed, Boolean(event), new AbortController()];
    const mine = { version, outlives, at: Date.now(), stop };
    [since, underWay] = [0, mine];
    try {
      const fields = { ...words(), brouillon: holder.value, ...(revived && { anew: "1" }) };
      const answer = await post(holder.dataset.draft, fields, outlives ? undefined : { signal: stop.signal });
      kept = Math.max(kept, version);
      failed = false;
      if (kept === typed) shelf((store) => store.removeItem(name));
      tell(answer);
    } catch {
      if (underWay !== mine) return; // a newer one has taken its place
      failed = true;
      await shelving;
      say(shelf((store) => store.getItem(name)) ? "shelved" : "offline");
      timer = setTimeout(save, AGAIN);
    }
    if (underWay === mine) underWay = null;
  };
  const wrote = () => {
    [isSent, typed] = [false, typed + 1];
    since ||= Date.now();
    shelving = shelving.then(putOnShelf).catch(() => {});
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(SOON, since + AT_MOST - Date.now())));
  };
  form.addEventListener("input", (event) => names.includes(event.target.name) && wrote());
  form.addEventListener("submit", (event) => {
    save(event);
    isSent = true;
  });
  addEventListener("pagehide", save);
  addEventListener("online", save);
  document.addEventListener("visibilitychange", (event) => document.hidden && save(event));
  addEventListener("pageshow", (event) => {
    revived ||= event.persisted;
  });
  addEventListener("beforeunload", (event) => {
    if (failed && typed !== kept && !shelf((store) => store.getItem(name))) event.preventDefault();
  });
  const fill = (answer) => {
    if (answer.where !== holder.dataset.where || typed || isTouched()) return;
    for (const each of names)
      if (answer.words[each] && form.elements[each]) form.elements[each].value = answer.words[each];
    say("kept");
  };
  onPage.push({ name, fill });
  if (isNewPage && isTouched()) wrote(); // typed before this script was there
}
// What waits from a page that was closed, or went away without the network.
const handIn = async () => {
  const waiting = shelf((store) => Object.entries(store).filter(([name]) => name.startsWith(SHELF))) ?? [];
  for (const [name, line] of waiting) {
    if (onPage.some((sheet) => sheet.name === name)) continue;
    const { address, place, sealed, at } = JSON.parse(line);
    const age = Math.max(0, Math.round((Date.now() - at) / 1000));
    const answer = await post(address, { brouillon: place, scelle: sealed, age });
    shelf((store) => store.getItem(name) === line && store.removeItem(name));
    if (answer.words) for (const sheet of onPage) sheet.fill(answer);
  }
};
let later;
const handInOrLater = () => {
  clearTimeout(later);
  handIn().catch(() => {
    later = setTimeout(handInOrLater, AGAIN);
  });
};
handInOrLater();
addEventListener("online", handInOrLater);
