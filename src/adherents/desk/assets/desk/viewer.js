// Another page, size or turn takes the place of this one: what is being written beside it stays.
const ASKS = "[data-viewer] :is(.viewer-tools, .viewer-strip) a";
const current = () => document.querySelector("[data-viewer]");

// Pictures that are on the screen already are not asked for again.
const keepPictures = (from, to) => {
  const shown = new Map([...from.querySelectorAll("img")].map((image) => [image.getAttribute("src"), image]));
  for (const fresh of to.querySelectorAll("img")) {
    const kept = shown.get(fresh.getAttribute("src"));
    if (!kept) continue;
    kept.className = fresh.className;
    fresh.replaceWith(kept);
  }
};
const follow = (strip, at) => {
  if (!strip) return;
  strip.scrollTop = at;
  const [here, edge] = [strip.querySelector("[aria-current]")?.getBoundingClientRect(), strip.getBoundingClientRect()];
  if (here && (here.top < edge.top || here.bottom > edge.bottom)) strip.scrollTop += here.top - edge.top - here.height;
};
const place = (fresh, samePage) => {
  const old = current();
  const viewer = document.adoptNode(fresh);
  const [page, strip] = [old.querySelector(".viewer-page"), old.querySelector(".viewer-strip")];
  const [read, across, at] = [
    page?.scrollTop / page?.scrollHeight,
    page?.scrollLeft / page?.scrollWidth,
    strip?.scrollTop ?? 0,
  ];
  keepPictures(old, viewer);
  old.replaceWith(viewer);
  follow(viewer.querySelector(".viewer-strip"), at);
  const pane = viewer.querySelector(".viewer-page");
  if (samePage && pane) [pane.scrollTop, pane.scrollLeft] = [read * pane.scrollHeight, across * pane.scrollWidth];
  if (!document.activeElement?.matches("input, select, textarea")) pane?.focus({ preventScroll: true });
  document.dispatchEvent(new Event("adherents:viewer"));
};
let latest = 0;
const show = async (request, otherwise, samePage = false) => {
  latest += 1;
  const asked = latest;
  try {
    const answer = await fetch(request);
    const viewer = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-viewer]");
    if (!answer.ok || !viewer) throw new Error("another page");
    if (asked !== latest) return;
    place(viewer, samePage);
    if (!samePage) history.replaceState(null, "", answer.url);
  } catch {
    if (asked === latest) otherwise();
  }
};
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(ASKS);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.href, () => location.assign(link.href));
});
// Before what sends forms once: these leave the page where it is.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-viewer] form") || "plainly" in form.dataset) return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    const plainly = () => {
      form.dataset.plainly = "";
      form.requestSubmit(event.submitter);
    };
    if (form.method === "post") show(new Request(form.action, { method: "POST", body: fields }), plainly, true);
    else {
      document.activeElement?.blur();
      show(`${form.action}?${fields}`, plainly);
    }
  },
  true,
);
follow(current()?.querySelector(".viewer-strip"), 0);
