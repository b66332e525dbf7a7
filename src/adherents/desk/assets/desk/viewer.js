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
// What is pressed while another act is on its way waits for it and counts from there: three turns are three. Of pages asked for by
// their number the last one alone matters. `find`: the request, once its turn has come, of the viewer that is there then.
const PATIENCE = 10_000; // milliseconds: what is pressed later takes the place of an answer that does not come
const acts = [];
let [latest, underWay, since] = [0, "", 0];
const goOn = () => {
  underWay = "";
  while (acts.length) if (begin(acts.shift())) return;
  document.dispatchEvent(new Event("adherents:viewer-settled"));
};
const show = async ({ request, otherwise, samePage = false }) => {
  latest += 1;
  const asked = latest;
  try {
    const answer = await fetch(request);
    const viewer = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-viewer]");
    if (!answer.ok || !viewer) throw new Error("another page");
    if (asked !== latest) return;
    place(viewer, samePage);
    if (!samePage) history.replaceState(null, "", answer.url);
    goOn();
  } catch {
    if (asked !== latest) return;
    acts.length = 0;
    underWay = "";
    otherwise();
  }
};
function begin({ kind, find }) {
  const found = find();
  if (!found) return false;
  [underWay, since] = [kind, Date.now()];
  show(found);
  return true;
}
const ask = (act) => {
  const isPage = act.kind === "page";
  const isLate = Date.now() - since > PATIENCE;
  if (!underWay || isLate || (isPage && underWay === "page" && !acts.length)) begin(act);
  else if (isPage && acts.at(-1)?.kind === "page") acts.splice(-1, 1, act);
  else acts.push(act);
};

// The same link of the viewer that is there by then: next, previous, turn, or a page in small.
const sameLink = (link) => {
  if (link.rel) return `[rel="${link.rel}"]`;
  if (link.dataset.key) return `a[data-key="${link.dataset.key}"]`;
  return `.viewer-strip a:nth-child(${[...link.parentElement.children].indexOf(link) + 1})`;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(ASKS);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const same = sameLink(link);
  const find = () => {
    const address = current().querySelector(same)?.href;
    return address && { request: address, otherwise: () => location.assign(address) };
  };
  ask({ kind: link.closest(".viewer-strip") ? "page" : "step", find });
});

// « + » and « - » go a step further than what is on its way; a size that is pressed by its name is that size.
let step = "";
document.addEventListener(
  "click",
  (event) => {
    step = event.isTrusted ? "" : (event.target.closest?.("[data-zoom] [data-key]")?.dataset.key ?? "");
  },
  true,
);
const plainly = (form, submitter) => () => {
  form.dataset.plainly = "";
  form.requestSubmit(submitter);
};
const askSize = (pressed) => {
  const same = step ? `[data-zoom] [data-key="${step}"]` : `[data-zoom] [value="${pressed.value}"]`;
  const find = () => {
    const button = current().querySelector(same);
    if (!button) return null;
    const body = new URLSearchParams(new FormData(button.form, button));
    const request = new Request(button.form.action, { method: "POST", body });
    return { request, otherwise: plainly(button.form, button), samePage: true };
  };
  ask({ kind: "size", find });
};
const askPage = (number) => {
  const find = () => {
    const form = current().querySelector("[data-page-number]");
    if (!form) return null;
    form.elements.page.value = number;
    return { request: `${form.action}?${new URLSearchParams(new FormData(form))}`, otherwise: plainly(form) };
  };
  ask({ kind: "page", find });
};
// Before what sends forms once: these leave the page where it is.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-viewer] form") || "plainly" in form.dataset) return;
    event.preventDefault();
    if (form.matches("[data-zoom]")) {
      askSize(event.submitter);
      return;
    }
    document.activeElement?.blur();
    askPage(form.elements.page.value);
  },
  true,
);
follow(current()?.querySelector(".viewer-strip"), 0);
