// What the page says: aloud, above its button, and on the button itself.
const parts = window.sending;

// `counted`: how many documents would leave now, and whether they are leaving.
parts.page = (form, counted) => {
  const spoken = document.querySelector("[data-say]");
  const notice = form.querySelector("[data-told]");
  const notYet = form.querySelector("[data-not-yet]");
  const bar = form.querySelector(".send-bar");
  const button = form.querySelector('button[type="submit"]');
  const written = button.querySelector("span");

  function label() {
    const { none, one, many } = button.dataset;
    const { count, isLeaving } = counted();
    form.classList.toggle("send-ready", count > 0);
    notYet.hidden = !count || !notice.hidden || isLeaving;
    if (button.getAttribute("aria-disabled") === "true") return;
    written.textContent = count === 0 ? none : count === 1 ? one : many.replace("{n}", count);
  }

  function say(text) {
    spoken.textContent = "";
    setTimeout(() => {
      spoken.textContent = text;
    }, 50);
  }

  function tell(text, isWrong = false) {
    notice.hidden = !text;
    notice.textContent = text;
    notice.classList.toggle("upload-wrong", isWrong);
    label();
  }

  button.dataset.none ??= written.textContent;

  // What is focused stays in sight above the bar, and the end of the page too.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--send-bar", `${bar.offsetHeight}px`);
  }).observe(bar);

  return { button, label, say, tell };
};
