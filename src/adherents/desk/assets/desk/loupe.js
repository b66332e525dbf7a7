// A loupe: what is under the pointer, larger. Its button is there where a pointer can rest on the page.
const TIMES = 2.5;
let [on, lens, under] = [false, null, null];
const hide = () => {
  lens?.remove();
  [lens, under] = [null, null];
};
const over = (page) => {
  hide();
  const picture = page.cloneNode(true);
  picture.removeAttribute("class");
  lens = document.createElement("div");
  lens.className = "loupe";
  lens.ariaHidden = "true";
  lens.append(picture);
  document.body.append(lens);
  under = page;
};
const follow = (event) => {
  const page = on && event.target.closest?.(".page-image");
  if (!page) {
    hide();
    return;
  }
  if (page !== under) over(page);
  const [box, picture] = [page.getBoundingClientRect(), lens.firstElementChild];
  const [across, down] = [lens.offsetWidth / 2, lens.offsetHeight / 2];
  lens.style.left = `${event.clientX - across}px`;
  lens.style.top = `${event.clientY - down}px`;
  picture.style.width = `${box.width * TIMES}px`;
  picture.style.height = `${box.height * TIMES}px`;
  picture.style.left = `${across - (event.clientX - box.left) * TIMES}px`;
  picture.style.top = `${down - (event.clientY - box.top) * TIMES}px`;
};
const offer = () => {
  hide();
  for (const button of document.querySelectorAll("[data-loupe]")) {
    button.hidden = !matchMedia("(hover: hover)").matches;
    button.ariaPressed = String(on);
  }
};
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-loupe]")) return;
  on = !on;
  offer();
});
document.addEventListener("adherents:viewer", offer);
document.addEventListener("adherents:key", (event) => {
  if (!on || event.detail.key !== "escape") return;
  on = false;
  offer();
  event.preventDefault();
});
document.addEventListener("pointermove", follow);
document.addEventListener("scroll", hide, true);
offer();
