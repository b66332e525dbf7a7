// A page with errors opens on their summary; its links lead to the field itself.
document.querySelector("[data-focus]")?.focus();
