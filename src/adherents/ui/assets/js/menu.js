// Escape closes the menu of small screens, and gives the focus back to what opened it.
const toggle = document.querySelector(".menu-toggle");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !toggle?.open) return;
  toggle.open = false;
  toggle.querySelector("summary").focus();
});
