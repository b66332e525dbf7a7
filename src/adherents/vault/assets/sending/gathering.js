// « Réunir les photos en un seul PDF »: shown from two photos on, with the order of the pages once it is ticked.
const parts = window.sending;

parts.gathering = (form, { settings, page }) => {
  const { words } = settings;
  const box = form.querySelector("[data-gather]");
  const tick = form.elements.gather;
  const order = box.querySelector("[data-order]");
  const list = order.querySelector("ol");
  const made = document.getElementById("album-page").content;
  const lines = new Map(); // a photo's line among the files: its line among the pages

  const photos = () => [...list.children].map((line) => [...lines].find(([, row]) => row === line)[0]);
  const isOn = () => tick.checked && lines.size > 1;

  function lineOf(row) {
    const line = made.cloneNode(true).querySelector("li");
    const name = row.querySelector(".upload-name").textContent;
    line.querySelector(".upload-name").textContent = name;
    for (const [part, step, text] of [
      ["[data-up]", -1, words.up],
      ["[data-down]", 1, words.down],
    ]) {
      const button = line.querySelector(part);
      const of = document.createElement("span");
      of.className = "visually-hidden";
      of.textContent = ` ${name}`;
      button.append(text, of);
      button.addEventListener("click", () => {
        const other = step < 0 ? line.previousElementSibling : line.nextElementSibling;
        if (step < 0) other.before(line);
        else other.after(line);
        moved(line);
        const stays = button.disabled ? line.querySelector("button:not(:disabled)") : button;
        stays.focus();
      });
    }
    return line;
  }

  function number() {
    [...list.children].forEach((line, place, all) => {
      line.querySelector(".upload-state").textContent = parts.filled(words.page, { n: place + 1 });
      line.querySelector("[data-up]").disabled = place === 0;
      line.querySelector("[data-down]").disabled = place === all.length - 1;
    });
  }

  function moved(line) {
    number();
    const name = line.querySelector(".upload-name").textContent;
    const place = [...list.children].indexOf(line) + 1;
    page.say(parts.filled(words.sayPage, { name, n: place, total: lines.size }));
  }

  function shown() {
    box.hidden = lines.size < 2;
    box.dataset.settled = ""; // until then the stylesheet hides it: nothing moves when the script comes
    order.hidden = !isOn();
    page.label();
  }

  tick.addEventListener("change", shown);
  parts.dragging(list, moved);

  return {
    // The photos there are now, as their lines among the files. Those known keep their place, new ones come last.
    show(rows) {
      for (const [row, line] of [...lines]) {
        if (rows.includes(row)) continue;
        line.remove();
        lines.delete(row);
      }
      for (const row of rows) {
        if (!lines.has(row)) {
          lines.set(row, lineOf(row));
          list.append(lines.get(row));
        }
        const sheet = row.querySelector(".sheet").cloneNode(true);
        const picture = row.querySelector(".sheet canvas");
        if (picture) sheet.querySelector("canvas").getContext("2d").drawImage(picture, 0, 0);
        lines.get(row).querySelector(".sheet").replaceWith(sheet);
      }
      number();
      shown();
    },
    // How many documents fewer than files.
    fewer: () => (isOn() ? lines.size - 1 : 0),
    // These lines, the photos among them in the order chosen.
    ordered(rows) {
      if (!isOn()) return rows;
      const next = photos().filter((row) => rows.includes(row));
      return rows.map((row) => (next.includes(row) ? null : row)).map((row) => row ?? next.shift());
    },
  };
};
