// What was just chosen: each file has its line and waits for its turn, or is refused at once.
const parts = window.sending;

// From now on this page's address names its sending: a reload goes on with it, another language too.
const nameInAddress = (form) => {
  if (new URL(form.action).search === location.search) return;
  history.replaceState(null, "", form.action);
  for (const next of document.querySelectorAll('input[name="next"]')) next.value = location.pathname + location.search;
};

parts.adding = (form, { settings, page, entries, queue, remove, submitting }) => {
  // Why it cannot even wait; "" where it can.
  function reasonAgainst(file) {
    if (!file.size) return "empty";
    if (file.size > settings.mostBytes) return "too_large";
    return entries.total() >= settings.mostFiles ? "too_many" : "";
  }

  async function recognise(entry) {
    try {
      if (parts.typeOf(await parts.headOf(entry.file)).startsWith("image/")) entry.row.dataset.photo = "";
    } catch {
      return; // its turn will tell
    }
    entries.showPhotos();
  }

  function addOne(file) {
    const reason = reasonAgainst(file);
    const entry = entries.add(file);
    entry.row.querySelector("[data-retry]").addEventListener("click", () => queue.retry(entry));
    entry.row.querySelector("[data-remove]").addEventListener("click", () => remove(entry));
    if (reason) entries.refuse(entry, reason);
    else recognise(entry);
  }

  return (files) => {
    if (!files.length) return;
    submitting.putOff();
    nameInAddress(form);
    page.tell("");
    entries.makeRoom();
    for (const file of files) addOne(file);
    queue.next();
  };
};
