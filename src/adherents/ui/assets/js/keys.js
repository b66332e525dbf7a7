// A box under « ? » turns the desk's keys off in this browser: speech and a slip of the hand press them too.
const OFF = "adherents-keys-off";
const areOff = () => {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false; // no storage: they cannot be turned off for long
  }
};
for (const box of document.querySelectorAll("[data-keys-switch]")) {
  box.closest("label").hidden = false;
  box.checked = !areOff();
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "")));
}
// The desk's keys: a letter presses what carries it, unless somebody is typing. Then Escape leaves the field, and Ctrl with
// Enter sends the form where it says so.
document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("textarea");
  if (writing && event.key === "Escape") writing.blur();
  else if (writing?.form?.matches("[data-ctrl-enter]") && event.key === "Enter" && (event.ctrlKey || event.metaKey))
    writing.form.requestSubmit();
  if (areOff() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.toLowerCase() === event.key.toLowerCase() && element.checkVisibility(),
  );
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input, select, textarea")) wanted.focus();
  else wanted.click();
  if (wanted.matches("summary")) wanted.parentElement.scrollIntoView({ block: "nearest" });
});
