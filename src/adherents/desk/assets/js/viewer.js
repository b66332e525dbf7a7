// Another page, zoom or turn takes the place of this one: what is being written beside it stays.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-viewer] .viewer-tools a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href);
    const viewer = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-viewer]");
    if (!answer.ok || answer.redirected || !viewer) throw new Error("another page");
    document.querySelector("[data-viewer]").replaceWith(viewer);
    history.replaceState(null, "", link.href);
    if (!document.activeElement?.matches("input, select, textarea")) viewer.querySelector(".viewer-page")?.focus();
  } catch {
    location.assign(link.href);
  }
});
