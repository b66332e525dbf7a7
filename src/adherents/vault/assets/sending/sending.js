// Each file goes as soon as it is chosen, and goes on after a lost connection (tus). Without this, the form sends them.
const parts = (window.sending ??= {});
const MOST_RENEWALS = 5; // of the token, for one file: what refuses it then is something else
const form = document.querySelector("form[data-sending]");
if (form && window.tus?.isSupported) begin(form);

function begin(form) {
  const told = JSON.parse(document.getElementById("sending").textContent);
  const { words } = told;
  const list = form.querySelector("[data-uploads]");
  const spoken = document.querySelector("[data-say]");
  const notice = form.querySelector("[data-told]");
  const notYet = form.querySelector("[data-not-yet]");
  const bar = form.querySelector(".send-bar");
  const button = form.querySelector('button[type="submit"]');
  const guard = parts.guard(form);
  const { headers } = guard;
  const entries = [];
  let submitWhenDone = false;
  let toReplace = null; // the line whose file is being chosen again
  form.dataset.sending = "on";

  const { filled } = parts;
  const say = (text) => {
    spoken.textContent = "";
    setTimeout(() => (spoken.textContent = text), 50);
  };
  const tell = (text, wrong = false) => {
    notice.hidden = !text;
    notice.textContent = text;
    notice.classList.toggle("upload-wrong", wrong);
    label();
  };
  const earlier = (part) => [...document.querySelectorAll(`[data-${part}] .upload`)];
  const isUnderWay = (one) => ["reading", "sending", "lost"].includes(one.state);
  const pending = () => entries.filter((one) => one.state === "queued" || isUnderWay(one));
  const kept = () => entries.filter((one) => one.state !== "refused");
  const total = () => kept().length + earlier("arrived").length;
  const photos = () => [...earlier("arrived"), ...kept().map((one) => one.row)].filter((row) => "photo" in row.dataset);
  const gathering = parts.gathering(form, { words, filled, say, changed: label });
  const last = parts.leaving(form, { button, words, tell, guard, isReady: () => total() > 0 });

  function label() {
    const { one, many } = button.dataset;
    const count = total() - gathering.fewer();
    form.classList.toggle("send-ready", count > 0);
    notYet.hidden = !count || !notice.hidden || last.isLeaving();
    button.dataset.none ??= button.querySelector("span").textContent;
    if (button.getAttribute("aria-disabled") === "true") return;
    button.querySelector("span").textContent =
      count === 0 ? button.dataset.none : count === 1 ? one : many.replace("{n}", count);
  }

  // What is focused stays in sight above the bar, and the end of the page too.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--send-bar", `${bar.offsetHeight}px`);
  }).observe(bar);

  function show(entry, state, text = "") {
    entry.state = state;
    parts.showState(entry, words, text);
    list.hidden = !entries.length;
    label();
  }

  function refuse(entry, reason, sentence = told.refusals[reason]) {
    entry.reason = reason;
    entry.blob = null;
    show(entry, "refused", sentence);
    gathering.show(photos());
    say(`${entry.file.name}. ${sentence}`);
    over();
  }

  async function recognise(entry) {
    try {
      if (parts.typeOf(await parts.headOf(entry.file)).startsWith("image/")) entry.row.dataset.photo = "";
    } catch {
      return; // its turn will tell
    }
    gathering.show(photos());
  }

  // From now on this page's address names its sending: a reload goes on with it, another language too.
  function isMine() {
    if (new URL(form.action).search === location.search) return;
    history.replaceState(null, "", form.action);
    for (const next of document.querySelectorAll('input[name="next"]')) next.value = location.pathname + location.search;
  }

  function add(files) {
    if (!files.length) return;
    submitWhenDone = false;
    last.giveUp();
    isMine();
    tell("");
    if (toReplace) forget(toReplace);
    for (const file of files) {
      const entry = { file, row: parts.lineOf(file, words, () => gathering.show(photos())), state: "queued" };
      const full = total() >= told.mostFiles;
      entries.push(entry);
      list.append(entry.row);
      entry.row.querySelector("[data-retry]").addEventListener("click", () => retry(entry));
      entry.row.querySelector("[data-remove]").addEventListener("click", () => remove(entry));
      show(entry, "queued");
      if (!file.size) refuse(entry, "empty");
      else if (file.size > told.mostBytes) refuse(entry, "too_large");
      else if (full) refuse(entry, "too_many");
      else recognise(entry);
    }
    next();
  }

  // One file after the other, in the order in which they were chosen

  async function next() {
    if (entries.some(isUnderWay)) return;
    const entry = entries.find((one) => one.state === "queued");
    if (!entry) return over();
    const reason = entry.blob ? "" : await read(entry);
    if (!entries.includes(entry)) return next();
    if (reason === "unreadable") stopped(entry, words.unreadable);
    else if (reason) refuse(entry, reason);
    else return start(entry);
    next();
  }

  // Why it cannot go; "" once its bytes are here.
  async function read(entry) {
    show(entry, "reading");
    try {
      const { bytes, blob } = await parts.readOnce(entry.file);
      entry.size = bytes.byteLength;
      if (!entry.size) return "empty";
      if (entry.size > told.mostBytes) return "too_large";
      if (!told.types.includes(parts.typeOf(bytes))) return "format";
      entry.sha256 = await parts.digest(bytes);
      entry.blob = blob;
      return "";
    } catch {
      entry.isGone = true;
      return "unreadable";
    }
  }

  function start(entry) {
    const { file, sha256, blob, size } = entry;
    const begun = sha256 && earlier("unfinished").find((one) => one.dataset.sha256 === sha256);
    show(entry, "sending");
    entry.upload ??= parts.transport(blob, {
      told,
      headers,
      begunAt: begun ? begun.dataset.url : null,
      metadata: { filename: file.name, filetype: file.type, sending: told.sending, ...(sha256 && { sha256 }) },
      lost: () => lost(entry),
      went: (sent) => {
        if (!["sending", "lost"].includes(entry.state)) return;
        entry.sent = sent;
        show(entry, "sending", sent === size ? filled(words.checking, { size: window.sized(size) }) : "");
      },
      arrived: (id) => {
        if (!entries.includes(entry)) return;
        entry.sent = size;
        entry.blob = null;
        entry.row.dataset.id = id;
        show(entry, "arrived");
        say(filled(words.sayArrived, { name: file.name }));
        keep();
        next();
      },
      failed: (status, answer) => failed(entry, status, answer),
    });
    if (begun) taken(begun);
    say(filled(begun ? words.sayResumed : words.sayChosen, { name: file.name }));
    entry.upload.start();
  }

  function lost(entry) {
    if (entry.state !== "sending") return;
    show(entry, "lost");
    say(filled(words.sayLost, { name: entry.file.name }));
  }

  async function failed(entry, status, answer) {
    if (!entries.includes(entry)) return;
    if (!status && !navigator.onLine) return lost(entry); // `online` goes on from here
    const isOld = status === 403 && !answer.sentence; // somebody signed in since, in another tab
    if (isOld && (await mayGoOn(entry))) return entries.includes(entry) ? entry.upload.start() : undefined;
    entry.waits = isOld || status === 401;
    if ([413, 415, 422].includes(status) && answer.sentence) refuse(entry, answer.reason, answer.sentence);
    else stopped(entry, answer.sentence ?? (isOld ? words.notHere : words.failed));
    next();
  }

  async function mayGoOn(entry) {
    entry.renewals = (entry.renewals ?? 0) + 1;
    return entry.renewals <= MOST_RENEWALS && (await guard.renew().catch(() => false));
  }

  // Back on this page, perhaps from signing in again.
  document.addEventListener("visibilitychange", () => {
    const stuck = document.hidden ? [] : entries.filter((one) => one.state === "failed" && one.waits);
    for (const entry of stuck) {
      entry.renewals = 0;
      show(entry, "queued");
    }
    if (stuck.length) next();
  });

  function stopped(entry, sentence) {
    show(entry, "failed", sentence);
    say(`${entry.file.name}. ${sentence}`);
  }

  function retry(entry) {
    if (entry.isGone) {
      toReplace = entry;
      form.querySelector("#id_files").click();
      return;
    }
    entry.renewals = 0;
    show(entry, "queued");
    tell("");
    entry.row.querySelector("[data-remove]").focus();
    next();
  }

  function forget(entry) {
    toReplace = null;
    entries.splice(entries.indexOf(entry), 1);
    entry.row.remove();
    list.hidden = !entries.length;
    gathering.show(photos());
  }

  async function remove(entry) {
    const place = entries.indexOf(entry);
    last.giveUp();
    forget(entry);
    // Focus stays near: on the next line, or back on the way to choose.
    const near = entries[Math.min(place, entries.length - 1)];
    (near?.row.querySelector("[data-remove]") ?? form.querySelector("#id_files")).focus();
    say(filled(words.sayRemoved, { name: entry.file.name }));
    tell("");
    next();
    await entry.upload?.takeBack();
  }

  function taken(line) {
    const section = line.closest("section");
    line.remove();
    if (!section.querySelector(".upload")) section.remove();
  }

  function over() {
    label();
    if (!submitWhenDone || pending().length) return;
    submitWhenDone = false;
    tell("");
    form.requestSubmit(button);
  }

  // What the form says is kept with what arrived, for whoever goes on elsewhere.
  function keep() {
    if (!earlier("arrived").length && !entries.some((one) => one.state === "arrived")) return;
    const said = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "order");
    const body = new URLSearchParams(said);
    fetch(told.keep + new URL(form.action).search, { method: "POST", body, keepalive: true }).catch(() => {});
  }
  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") keep();
  });

  addEventListener("online", () => {
    const entry = entries.find((one) => one.state === "lost");
    if (!entry) return;
    show(entry, "sending");
    entry.upload.goOn();
  });
  addEventListener("offline", () => {
    const entry = entries.find((one) => one.state === "sending");
    if (entry) lost(entry);
  });

  parts.waysIn(form, add);

  // Taking back what came before this page was opened, without leaving what is on its way

  for (const drop of document.querySelectorAll("form[data-drop]")) {
    drop.addEventListener("submit", async (event) => {
      event.preventDefault();
      const line = drop.closest(".upload");
      const name = line.querySelector(".upload-name").textContent;
      last.giveUp();
      try {
        await window.tus.Upload.terminate(line.dataset.url, { headers, retryDelays: [0, 1000] });
      } catch {
        await guard.renew().catch(() => {});
        drop.submit();
        return;
      }
      taken(line);
      form.querySelector("#id_files").focus();
      say(filled(words.sayRemoved, { name }));
      gathering.show(photos());
    });
  }

  // What goes, in its order, and what was refused and is still on the page: exactly what the button counts.
  function write() {
    form.querySelectorAll('input[name="order"], input[name="refused"]').forEach((one) => one.remove());
    const arrived = entries.filter((one) => one.state === "arrived").map((one) => one.row);
    const order = gathering.ordered([...earlier("arrived"), ...arrived]).map((row) => ["order", row.dataset.id]);
    const refused = entries.filter((one) => one.reason).map((one) => ["refused", `${one.reason}:${one.file.name}`]);
    for (const [name, value] of [...order, ...refused.slice(0, told.mostRefused)]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (last.isLeaving()) return;
    const stuck = entries.find((one) => one.state === "failed");
    if (stuck) {
      tell(words.unfinished, true);
      stuck.row.querySelector("[data-retry]").focus();
    } else if (pending().length) {
      submitWhenDone = true;
      tell(words.wait);
    } else {
      write();
      last.leave();
      label();
    }
  });
  gathering.show(photos());
}
