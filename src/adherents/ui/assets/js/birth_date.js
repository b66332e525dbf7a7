// A birth date in three fields: it moves on by itself, goes back on an empty field, and shares out a date that is pasted.
for (const group of document.querySelectorAll("[data-birth-date]")) {
  const inputs = [...group.querySelectorAll("input")];
  const sizes = [2, 2, 4];
  inputs.forEach((input, index) => {
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text").trim();
      const found =
        text.match(/^(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})$/) || text.match(/^(\d{2})(\d{2})(\d{4})$/);
      if (!found) return;
      event.preventDefault();
      inputs.forEach((part, place) => {
        part.value = found[place + 1].padStart(sizes[place], "0");
        part.dispatchEvent(new Event("change", { bubbles: true }));
      });
      inputs[2].focus();
    });
    input.addEventListener("input", (event) => {
      // Only typing moves on: a browser that fills the form by itself must not lose its place.
      const typed = event.inputType === "insertText";
      if (typed && /[/.\- ]$/.test(input.value)) {
        input.value = input.value.replace(/\D/g, "");
        if (input.value && index < 2) inputs[index + 1].focus();
      } else if (typed && index < 2 && input.value.length >= sizes[index]) {
        inputs[index + 1].focus();
        inputs[index + 1].select();
      }
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !input.value && index > 0) {
        event.preventDefault();
        inputs[index - 1].focus();
      }
    });
  });
}
