// The desk's keys: a letter presses what carries it, unless somebody is typing.
// A box under « ? » turns them off in this browser: speech and a slip of the hand press them too.
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

// French keyboards give a digit with Shift only. What their top row gives without it is the digit, here (Belgian and Apple's too).
const TOP_ROW = {
  Digit1: "&",
  Digit2: "é",
  Digit3: '"',
  Digit4: "'",
  Digit5: "(",
  Digit6: "-§",
  Digit7: "è",
  Digit8: "_!",
  Digit9: "ç",
  Digit0: "à",
};
const meant = ({ code, key }) => {
  if (key.length > 1) return key.toLowerCase();
  if (TOP_ROW[code]?.includes(key.toLowerCase())) return code.slice(-1);
  if (key === "=") return "+"; // so that neither of the two keys beside 0 asks for Shift
  return key === ")" && code === "Minus" ? "-" : key.toLowerCase();
};
const isDigit = (key) => key.length === 1 && key >= "0" && key <= "9";

// Ctrl with Enter, outside of any field: the form that the page is about, if it says so.
const sendFromAnywhere = (event) => {
  const form = document.querySelector("form[data-sent-from-anywhere]");
  if (!form || meant(event) !== "enter") return;
  event.preventDefault();
  if (!event.repeat) form.requestSubmit();
};
// In a field: Ctrl with Enter sends the form, Escape leaves it.
const inField = (event, field) => {
  const [key, ctrl] = [meant(event), event.ctrlKey || event.metaKey];
  if (ctrl && key === "enter" && field.form) {
    event.preventDefault();
    if (!event.repeat) field.form.requestSubmit();
  } else if (key === "escape" && field.matches("textarea, [type=number]")) field.blur();
  else if (field.matches("[type=number]") && !ctrl && !event.altKey && isDigit(key) && key !== event.key) {
    event.preventDefault();
    document.execCommand("insertText", false, key);
  }
};
const press = (wanted) => {
  if (wanted.matches("input, select, textarea")) wanted.focus();
  else wanted.click();
  if (wanted.matches("summary")) wanted.parentElement.scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (field) {
    inField(event, field);
    return;
  }
  if (areOff() || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    sendFromAnywhere(event);
    return;
  }
  const key = meant(event);
  const carries = (asked) =>
    [...document.querySelectorAll("[data-key]")].find(
      (element) => element.dataset.key.toLowerCase() === asked && element.checkVisibility(),
    );
  const wanted = (event.shiftKey && carries(`shift+${key}`)) || carries(key);
  if (wanted) {
    if (event.repeat) return;
    event.preventDefault();
    press(wanted);
    return;
  }
  // What nothing on the page carries, its own scripts may take, held down too.
  const detail = { key, repeat: event.repeat, shift: event.shiftKey, from: event.target };
  if (!document.dispatchEvent(new CustomEvent("adherents:key", { cancelable: true, detail }))) event.preventDefault();
});
