// Ways in: picker and camera, drag and drop, paste.
const parts = window.sending;

parts.waysIn = (form, add) => {
  for (const input of form.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      add(files);
    });
    if (input.files.length) input.dispatchEvent(new Event("change")); // chosen before this script was there
  }
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.add("send-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("send-over");
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.remove("send-over");
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    add(files);
  });
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) form.querySelector("[data-drop-hint]").hidden = false;
};
