// A n° de Sécurité sociale spaces itself as on the card: 1 85 05 78 006 084 36.
const groups = [1, 2, 2, 2, 3, 3, 2];
const spaced = (bare) => {
  const parts = [];
  let rest = bare;
  for (const size of groups) {
    if (!rest) break;
    parts.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return parts.join(" ") + rest;
};
for (const input of document.querySelectorAll("[data-nir]")) {
  const write = () => {
    const before = input.value.slice(0, input.selectionStart).replace(/[^0-9a-z]/gi, "").length;
    const text = spaced(input.value.replace(/[^0-9a-z]/gi, "").toUpperCase());
    if (text === input.value) return;
    input.value = text;
    let place = 0;
    for (let seen = 0; seen < before && place < text.length; place += 1) seen += text[place] !== " ";
    input.setSelectionRange(place, place);
  };
  input.addEventListener("input", (event) => {
    if (!event.isComposing) write();
  });
  if (input.value) write();
}
