// The keys that read a document: arrows scroll its page, held down too, and lead to the next one; Home and End; a page by its number.
const LINE = 56;
const TYPING = 800;
const inViewer = (selector) => document.querySelector(`[data-viewer] ${selector}`);
const scrolls = (one) => one.scrollHeight > one.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(one).overflowY);
// Whether the focus is in something else that scrolls, which keeps its arrows: the member's record, a long list.
const isElsewhere = (from, page) => {
  for (let one = from; one && one !== document.body && one !== page; one = one.parentElement)
    if (one.parentElement && scrolls(one)) return true;
  return false;
};
const rooms = (page) => ({
  up: page.scrollTop,
  down: page.scrollHeight - page.clientHeight - page.scrollTop,
  left: page.scrollLeft,
  right: page.scrollWidth - page.clientWidth - page.scrollLeft,
});
const field = () => inViewer("[data-page-number] [name=page]");
// Keys that follow each other count from the page that was asked for last, whether or not it is there yet.
let asked = 0;
document.addEventListener("adherents:viewer-settled", () => {
  asked = 0;
});
const toPage = (number) => {
  const input = field();
  if (!input || number < 1 || number > Number(input.max) || (asked || Number(input.defaultValue)) === number)
    return false;
  asked = number;
  input.value = number;
  input.form.requestSubmit();
  return true;
};
const to = (by) => Boolean(field()) && toPage((asked || Number(field().defaultValue)) + by);

// Each says whether it has taken the key: what has nothing left to scroll is the browser's again.
const move = (page, way, by, otherwise) => {
  if (rooms(page)[way] <= 1) return otherwise ? otherwise() : false;
  page.scrollBy({ ...by, behavior: "instant" });
  return true;
};
const KEYS = {
  arrowup: (page) => move(page, "up", { top: -LINE }),
  arrowdown: (page) => move(page, "down", { top: LINE }),
  arrowleft: (page, once) => move(page, "left", { left: -LINE }, () => once && to(-1)),
  arrowright: (page, once) => move(page, "right", { left: LINE }, () => once && to(1)),
  pageup: (page, once) => move(page, "up", { top: -0.9 * page.clientHeight }, () => once && to(-1)),
  pagedown: (page, once) => move(page, "down", { top: 0.9 * page.clientHeight }, () => once && to(1)),
  home: (page, once) => move(page, "up", { top: -page.scrollHeight }, () => once && toPage(1)),
  end: (page, once) => move(page, "down", { top: page.scrollHeight }, () => once && toPage(Number(field()?.max ?? 0))),
};

let [typed, timer] = ["", 0];
const forget = () => {
  clearTimeout(timer);
  typed = "";
};
const go = () => {
  const number = Number(typed);
  forget();
  if (number) toPage(number);
};
const type = (digit) => {
  const [input, words] = [field(), inViewer("[data-no-page]")];
  if (!input || (!typed && digit === "0")) return false;
  clearTimeout(timer);
  typed += digit;
  const [number, last] = [Number(typed), Number(input.max)];
  words.textContent = number > last ? words.dataset.noPage : "";
  input.value = number > last ? input.defaultValue : typed;
  if (number > last) forget();
  else if (number * 10 > last) go();
  else timer = setTimeout(go, TYPING);
  return true;
};
document.addEventListener("adherents:key", (event) => {
  const { key, repeat, shift, from } = event.detail;
  const page = inViewer(".viewer-page");
  if (!page) return;
  let taken = false;
  if (/^\d$/.test(key)) taken = !repeat && type(key);
  else if (typed && key === "enter") {
    go();
    taken = true;
  } else if (key in KEYS && !shift && !isElsewhere(from, page)) taken = KEYS[key](page, !repeat);
  if (taken) event.preventDefault();
});
