// How long a decision can still be undone. When it is over the line stays, and says so.
for (const line of document.querySelectorAll("[data-undo]")) {
  const ends = performance.now() + Number(line.dataset.undo);
  const bar = line.querySelector("progress");
  const clock = setInterval(() => {
    bar.value = Math.max(ends - performance.now(), 0);
    if (bar.value) return;
    clearInterval(clock);
    line.querySelector("button").disabled = true;
    line.querySelector("[data-undo-open]").hidden = true;
    line.querySelector("[data-undo-over]").textContent = line.querySelector("[data-undo-words]").content.textContent;
  }, 250);
}
