// Recovery codes: print the page, or copy them.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const codes = [...document.querySelectorAll(`#${button.dataset.copy} li`)].map((line) => line.textContent.trim());
    await navigator.clipboard.writeText(codes.join("\n"));
    button.nextElementSibling.textContent = button.dataset.done;
  });
});
