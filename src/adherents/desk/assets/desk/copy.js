// A value that was read goes to the clipboard: the button is there where a script can do it, and says that it did.
for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.querySelector("[data-copied]");
  const before = words.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copies);
    } catch {
      return; // the browser refuses: the value stands beside the button
    }
    words.textContent = words.dataset.copied;
    setTimeout(() => {
      words.textContent = before;
    }, 2000);
  });
}
