// A line can be dragged to another place, with a mouse.
const parts = window.sending;

parts.dragging = (list, moved) => {
  if (!matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  let held = null;
  list.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("li");
    if (line) line.draggable = !event.target.closest("button");
  });
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest("li");
    held.classList.add("album-held");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.querySelector(".upload-name").textContent);
  });
  list.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    const over = event.target.closest("li");
    if (!over || over === held) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(held);
    else over.after(held);
  });
  list.addEventListener("drop", (event) => held && event.preventDefault());
  list.addEventListener("dragend", () => {
    if (!held) return;
    held.classList.remove("album-held");
    moved(held);
    held = null;
  });
};
