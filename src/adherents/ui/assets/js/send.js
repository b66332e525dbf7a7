// A form is sent once. It is ready again when the page comes back, from the browser's memory too, and after a while: the
// reader may have stopped it, or received a file that leaves the page where it is.
const PATIENCE = { "multipart/form-data": 120_000 };
const wordsOf = (button) => button.querySelector("span") ?? button;
const ready = (form) => {
  clearTimeout(Number(form.dataset.sent));
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('.button[aria-disabled="true"]')) {
    button.removeAttribute("aria-disabled");
    if (button.dataset.words) wordsOf(button).textContent = button.dataset.words;
  }
};
// On the document, after the form's own scripts: what they kept for themselves was not sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = setTimeout(() => ready(form), PATIENCE[form.enctype] ?? 15_000);
  const button = event.submitter;
  if (!button?.classList.contains("button")) return;
  button.setAttribute("aria-disabled", "true");
  if (!button.dataset.busy) return;
  button.dataset.words = wordsOf(button).textContent;
  wordsOf(button).textContent = button.dataset.busy;
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(ready));
