// Taking a file back, whether it was chosen here or came before this page was opened.
const parts = window.sending;

parts.removing = (form, { settings, page, entries, guard, last, next }) => {
  const sayRemoved = (name) => page.say(parts.filled(settings.words.sayRemoved, { name }));

  // Without leaving what is on its way.
  for (const drop of document.querySelectorAll("form[data-drop]")) {
    drop.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (drop.dataset.dropped) return; // pressed twice
      drop.dataset.dropped = "on";
      const line = drop.closest(".upload");
      const name = line.querySelector(".upload-name").textContent;
      last.giveUp();
      try {
        await window.tus.Upload.terminate(line.dataset.url, { headers: guard.headers, retryDelays: [0, 1000] });
      } catch {
        await guard.renew().catch(() => {});
        delete drop.dataset.dropped;
        drop.submit();
        return;
      }
      parts.takeAway(line);
      form.querySelector("#id_files").focus();
      sayRemoved(name);
      entries.showPhotos();
    });
  }

  return async (entry) => {
    const place = entries.all.indexOf(entry);
    last.giveUp();
    entries.forget(entry);
    // Focus stays near: on the next line, or back on the way to choose.
    const near = entries.all[Math.min(place, entries.all.length - 1)];
    (near?.row.querySelector("[data-remove]") ?? form.querySelector("#id_files")).focus();
    sayRemoved(entry.file.name);
    page.tell("");
    next();
    await entry.upload?.takeBack();
  };
};
