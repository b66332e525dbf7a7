// The rules of a new password tick themselves while it is typed. The server decides; this only tells.
const has = {
  length: (text, value) => [...text].length >= value,
  lowercase: (text) => /\p{Ll}/u.test(text),
  classes: (text, value) =>
    [/\p{Nd}/u, /[^\p{L}\p{N}\p{M}\s]|\u00b5/u, /\p{Lu}/u].filter((kind) => kind.test(text)).length >= value,
};
for (const list of document.querySelectorAll("[data-criteria]")) {
  const input = document.getElementById(list.dataset.criteria);
  if (!input) continue;
  const rules = [...list.querySelectorAll("[data-rule]")];
  const aloud = list.querySelector("[data-aloud]");
  let waiting;
  const look = () => {
    const text = input.value.normalize("NFC");
    let met = 0;
    for (const rule of rules) {
      const done = has[rule.dataset.rule](text, Number(rule.dataset.value));
      const state = rule.querySelector("[data-state]");
      rule.classList.toggle("met", done);
      state.textContent = done ? state.dataset.done : state.dataset.todo;
      met += done;
    }
    clearTimeout(waiting);
    // Said once the typing pauses, not at every letter.
    waiting = setTimeout(() => {
      aloud.textContent = text ? `${list.dataset.summary} ${met} / ${rules.length}` : "";
    }, 800);
  };
  input.addEventListener("input", look);
  const described = [input.getAttribute("aria-describedby"), list.id].filter(Boolean).join(" ");
  if (described) input.setAttribute("aria-describedby", described);
  look();
}
