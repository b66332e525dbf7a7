// The files of this page, each an entry with its line: where it is, what is said of it, and how many there are.
const parts = window.sending;
const UNDER_WAY = ["reading", "sending", "lost"];

parts.entries = (form, { settings, page, gathering }) => {
  const list = form.querySelector("[data-uploads]");
  const all = []; // those chosen here, in that order
  let toReplace = null; // the one whose file is being chosen again

  // The lines of what came before this page was opened. `part`: arrived, unfinished.
  const earlier = (part) => [...document.querySelectorAll(`[data-${part}] .upload`)];
  const kept = () => all.filter((entry) => entry.state !== "refused");
  const isAny = (...states) => all.some((entry) => states.includes(entry.state));

  function show(entry, state, text = "") {
    entry.state = state;
    parts.showState(entry, settings.words, text);
    list.hidden = !all.length;
    page.label();
  }

  function showPhotos() {
    const rows = [...earlier("arrived"), ...kept().map((entry) => entry.row)];
    gathering.show(rows.filter((row) => "photo" in row.dataset));
  }

  function forget(entry) {
    toReplace = null;
    all.splice(all.indexOf(entry), 1);
    entry.row.remove();
    list.hidden = !all.length;
    showPhotos();
  }

  // One after the other, and once the first bytes are on their way: to decode a photo takes a slow phone seconds.
  async function develop() {
    for (let entry = undeveloped(); entry; entry = undeveloped()) {
      const { file } = entry;
      entry.isDeveloped = true;
      const photo = await parts.developed(file).catch(() => null); // this browser cannot show it: it has its letters
      if (!photo || entry.file !== file || !all.includes(entry)) continue;
      entry.lighter = photo.lighter;
      parts.showPhoto(entry.row, photo, settings.words);
      showPhotos();
      if (photo.doubts.length) page.say(`${file.name}. ${entry.row.querySelector("[data-doubt]").textContent}`);
    }
  }
  const undeveloped = () => all.find((entry) => !entry.isDeveloped);

  return {
    all,
    develop,
    earlier,
    show,
    showPhotos,
    forget,
    has: (entry) => all.includes(entry),
    find: (state) => all.find((entry) => entry.state === state),
    isAnyUnderWay: () => isAny(...UNDER_WAY),
    isAnyPending: () => isAny("queued", ...UNDER_WAY),
    total: () => kept().length + earlier("arrived").length,

    add(file) {
      const entry = { file, row: parts.lineOf(file, settings.words) };
      all.push(entry);
      list.append(entry.row);
      show(entry, "queued");
      return entry;
    },
    chooseAgain(entry) {
      toReplace = entry;
      form.querySelector("#id_files").click();
    },
    makeRoom() {
      if (toReplace) forget(toReplace);
    },

    // It cannot enter.
    refuse(entry, reason, sentence = settings.refusals[reason]) {
      entry.reason = reason;
      entry.blob = null;
      show(entry, "refused", sentence);
      showPhotos();
      page.say(`${entry.file.name}. ${sentence}`);
    },
    // It did not arrive, and may be tried again.
    stop(entry, sentence) {
      show(entry, "failed", sentence);
      page.say(`${entry.file.name}. ${sentence}`);
    },
  };
};
