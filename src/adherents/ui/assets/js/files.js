// What was chosen to be sent: names and sizes under the field, and the button that says how many.
const french = document.documentElement.lang.startsWith("fr");
const sized = (octets) => {
  const units = french ? ["o", "ko", "Mo", "Go"] : ["B", "kB", "MB", "GB"];
  let amount = octets;
  let unit = 0;
  while (amount >= 1000 && unit < 3) {
    amount /= 1000;
    unit += 1;
  }
  const digits = unit > 1 && amount < 100 ? 1 : 0;
  const number = amount.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
  return `${number}\u00a0${units[unit]}`;
};
window.sized = sized; // for the send page's own script
for (const input of document.querySelectorAll('input[type="file"][data-files]')) {
  const list = document.getElementById(input.dataset.files);
  const button = input.form?.querySelector("[data-one][data-many]");
  const words = button?.querySelector("span");
  if (button && !button.dataset.none) button.dataset.none = words.textContent;
  const look = () => {
    const isSending = input.form?.dataset.sending === "on"; // they are on their way already, and have their lines
    const files = isSending ? [] : [...input.files];
    if (list) {
      list.hidden = !files.length;
      list.replaceChildren(
        ...files.map((file) => {
          const line = document.createElement("li");
          const name = document.createElement("span");
          const size = document.createElement("span");
          name.className = "break";
          name.textContent = file.name;
          size.className = "nowrap muted";
          size.textContent = sized(file.size);
          if (input.dataset.maxBytes && file.size > Number(input.dataset.maxBytes)) {
            size.className = "too-big";
            size.textContent = `${sized(file.size)} : ${input.dataset.tooBig}`;
          }
          line.append(name, size);
          return line;
        }),
      );
    }
    if (words && !isSending) {
      const { none, one, many } = button.dataset;
      const inputs = [...input.form.querySelectorAll('input[type="file"]')];
      const count = inputs.reduce((sum, each) => sum + each.files.length, 0);
      words.textContent = count === 0 ? none : count === 1 ? one : many.replace("{n}", count);
    }
  };
  input.addEventListener("change", look);
  if (input.files.length) look();
}
