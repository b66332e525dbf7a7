// One file after the other, in the order in which they were chosen.
const parts = window.sending;

parts.queue = ({ settings, page, entries, guard, keep, over }) => {
  const { words } = settings;
  const interruptions = parts.interruptions({ settings, page, entries, guard, next });
  const pace = parts.pace();
  const offering = parts.offering({ settings, page, restart });
  const sayOf = (entry, text) => page.say(parts.filled(text, { name: entry.file.name }));

  async function next() {
    if (entries.isAnyUnderWay()) return;
    const entry = entries.find("queued");
    if (!entry) return over();
    const reason = entry.blob ? "" : await read(entry);
    if (!entries.has(entry)) return next();
    if (!reason) return start(entry);
    if (reason === "unreadable") entries.stop(entry, words.unreadable);
    else entries.refuse(entry, reason);
    next();
  }

  function read(entry) {
    entries.show(entry, "reading");
    return parts.read(entry, settings);
  }

  function start(entry) {
    const { file, sha256, blob } = entry;
    const begun = sha256 && entries.earlier("unfinished").find((line) => line.dataset.sha256 === sha256);
    entries.show(entry, "sending");
    entry.upload ??= parts.transport(blob, {
      settings,
      headers: guard.headers,
      begunAt: begun ? begun.dataset.url : null,
      metadata: { filename: file.name, filetype: file.type, sending: settings.sending, ...(sha256 && { sha256 }) },
      lost: () => interruptions.lost(entry),
      went: (sent) => went(entry, sent),
      arrived: (id) => arrived(entry, id),
      failed: (status, answer) => interruptions.failed(entry, status, answer),
    });
    pace.begin();
    if (begun) parts.takeAway(begun);
    sayOf(entry, begun ? words.sayResumed : words.sayChosen);
    entry.upload.start();
    entries.develop();
  }

  function went(entry, sent) {
    if (!["sending", "lost"].includes(entry.state)) return;
    entry.sent = sent;
    pace.mark(sent);
    const isWhole = sent === entry.size;
    const rate = pace.rate();
    entry.left = rate && !isWhole ? Math.max(Math.round((entry.size - sent) / rate), 1) : 0;
    if (entry.left) offering.offer(entry, entry.left, rate);
    entries.show(entry, "sending", isWhole ? parts.filled(words.checking, { size: window.sized(sent) }) : "");
  }

  function arrived(entry, id) {
    if (!entries.has(entry)) return;
    entry.sent = entry.size;
    entry.blob = null;
    offering.withdraw(entry);
    entry.row.dataset.id = id;
    entries.show(entry, "arrived");
    sayOf(entry, words.sayArrived);
    keep();
    next();
  }

  // Another file goes in this one's place, and before the others.
  async function restart(entry) {
    const reason = await read(entry);
    if (!entries.has(entry)) return next();
    if (reason) entries.refuse(entry, reason);
    else start(entry);
  }

  function retry(entry) {
    if (entry.isGone) {
      entries.chooseAgain(entry);
      return;
    }
    entry.renewals = 0;
    entries.show(entry, "queued");
    page.tell("");
    entry.row.querySelector("[data-remove]").focus();
    next();
  }

  return { next, retry };
};
