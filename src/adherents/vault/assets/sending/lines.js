// The line of a file: its picture, its name, its bar, and what can be done about it.
const parts = window.sending;

parts.filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

const named = (button, text, name) => {
  const hidden = document.createElement("span");
  hidden.className = "visually-hidden";
  hidden.textContent = ` ${name}`;
  button.replaceChildren(text, hidden);
};

parts.lineOf = (file, words) => {
  const made = document.getElementById("upload").content.cloneNode(true).querySelector("li");
  const part = (name) => made.querySelector(name);
  part(".upload-name").textContent = file.name;
  part("progress").setAttribute("aria-label", file.name);
  part(".sheet").textContent = file.name.includes(".") ? file.name.split(".").pop().slice(0, 4).toUpperCase() : "";
  named(part("[data-retry]"), words.retry, file.name);
  named(part("[data-remove]"), words.cancel, file.name);
  return made;
};

// What `developing.js` made of a photo.
parts.showPhoto = (row, { thumbnail, doubts }, words) => {
  row.querySelector(".sheet").replaceChildren(thumbnail);
  const shown = row.querySelector("[data-doubt]");
  shown.textContent = doubts.map((doubt) => words[doubt]).join(" ");
  shown.hidden = !doubts.length;
};

// Where a file is, on its line. `state`: queued, reading, sending, lost, arrived, refused, failed.
// `left`: seconds, where they are known.
parts.showState = ({ row, file, state, sent = 0, size = file.size, isGone, left = 0 }, words, text = "") => {
  const whole = window.sized(size);
  const unit = whole.split("\u00a0")[1];
  const came = window.sized(sent);
  const values = { size: whole, total: whole, sent: came.endsWith(`\u00a0${unit}`) ? came.split("\u00a0")[0] : came };
  const soon =
    state === "sending" && left ? ` · ${parts.filled(left === 1 ? words.second : words.seconds, { n: left })}` : "";
  row.querySelector(".upload-state").textContent = text || parts.filled(words[state], values) + soon;
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
