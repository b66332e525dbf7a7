// The value that the pointer or the focus is on is lit where it stands on the page.
const light = (event) => {
  const row = event.target.closest?.("[data-lights]");
  for (const lit of document.querySelectorAll(".lit-now")) lit.classList.remove("lit-now");
  if (row) document.getElementById(row.dataset.lights)?.classList.add("lit-now");
};
document.addEventListener("pointerover", light);
document.addEventListener("focusin", light);
