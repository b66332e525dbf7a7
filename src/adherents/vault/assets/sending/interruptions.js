// A file stopped on its way: what is said of it, and what makes it go on.
const parts = window.sending;
const MOST_RENEWALS = 5; // of the token, for one file: what refuses it then is something else
const REFUSALS = [413, 415, 422];

parts.interruptions = ({ settings, page, entries, guard, next }) => {
  const { words } = settings;

  function lost(entry) {
    if (entry.state !== "sending") return;
    entries.show(entry, "lost");
    page.say(parts.filled(words.sayLost, { name: entry.file.name }));
  }

  async function mayGoOn(entry) {
    entry.renewals = (entry.renewals ?? 0) + 1;
    return entry.renewals <= MOST_RENEWALS && (await guard.renew().catch(() => false));
  }

  function stop(entry, status, { reason, sentence }, isOld) {
    entry.waits = isOld || status === 401;
    if (REFUSALS.includes(status) && sentence) entries.refuse(entry, reason, sentence);
    else entries.stop(entry, sentence ?? (isOld ? words.notHere : words.failed));
    next();
  }

  async function failed(entry, status, answer) {
    if (!entries.has(entry)) return;
    const { upload } = entry;
    if (!status && !navigator.onLine) return lost(entry); // `online` goes on from here
    const isOld = status === 403 && !answer.sentence; // somebody signed in since, in another tab
    const goesOn = isOld && (await mayGoOn(entry));
    if (!entries.has(entry) || entry.upload !== upload) return; // removed meanwhile, or a lighter copy goes in its place
    if (goesOn) upload.start();
    else stop(entry, status, answer, isOld);
  }

  addEventListener("online", () => {
    const entry = entries.find("lost");
    if (!entry) return;
    entries.show(entry, "sending");
    entry.upload.goOn();
  });
  addEventListener("offline", () => {
    const entry = entries.find("sending");
    if (entry) lost(entry);
  });

  // Back on this page, perhaps from signing in again.
  document.addEventListener("visibilitychange", () => {
    const stuck = document.hidden ? [] : entries.all.filter((entry) => entry.state === "failed" && entry.waits);
    for (const entry of stuck) {
      entry.renewals = 0;
      entries.show(entry, "queued");
    }
    if (stuck.length) next();
  });

  return { lost, failed };
};
