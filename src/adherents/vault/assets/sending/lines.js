// The line of a file: its picture, its name, its bar, and what can be done about it.
const parts = window.sending;

parts.filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

const named = (button, text, name) => {
  const hidden = document.createElement("span");
  hidden.className = "visually-hidden";
  hidden.textContent = ` ${name}`;
  button.replaceChildren(text, hidden);
};

parts.lineOf = (file, words, pictured) => {
  const made = document.getElementById("upload").content.cloneNode(true).querySelector("li");
  const part = (name) => made.querySelector(name);
  part(".upload-name").textContent = file.name;
  part("progress").setAttribute("aria-label", file.name);
  part(".sheet").textContent = file.name.includes(".") ? file.name.split(".").pop().slice(0, 4).toUpperCase() : "";
  named(part("[data-retry]"), words.retry, file.name);
  named(part("[data-remove]"), words.cancel, file.name);
  if (/^image\/(jpeg|png|webp)$/.test(file.type)) thumbnail(file, part(".sheet")).then(pictured, () => {});
  return made;
};

// Rejects for a picture that this browser cannot show: it has its letters.
async function thumbnail(file, sheet) {
  const picture = await createImageBitmap(file, { resizeWidth: 132, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  sheet.replaceChildren(canvas);
}

// Where a file is, on its line. `state`: queued, reading, sending, lost, arrived, refused, failed.
parts.showState = ({ row, file, state, sent = 0, size = file.size, isGone }, words, text = "") => {
  const whole = window.sized(size);
  const unit = whole.split("\u00a0")[1];
  const came = window.sized(sent);
  const values = { size: whole, total: whole, sent: came.endsWith(`\u00a0${unit}`) ? came.split("\u00a0")[0] : came };
  row.querySelector(".upload-state").textContent = text || parts.filled(words[state], values);
  const bar = row.querySelector("progress");
  bar.max = size || 1;
  bar.value = state === "arrived" ? size : sent;
  bar.hidden = state === "refused" || Boolean(isGone);
  row.dataset.state = state;
  row.classList.toggle("upload-wrong", state === "refused" || state === "failed");
  const again = row.querySelector("[data-retry]");
  again.hidden = state !== "failed";
  again.firstChild.data = isGone ? words.chooseAgain : words.retry;
  const isOver = ["arrived", "refused", "failed"].includes(state);
  row.querySelector("[data-remove]").firstChild.data = isOver ? words.remove : words.cancel;
};

// From the list of what came before this page was opened, which goes with its last line.
parts.takeAway = (line) => {
  const section = line.closest("section");
  line.remove();
  if (!section.querySelector(".upload")) section.remove();
};
