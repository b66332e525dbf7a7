// Before the session ends by itself: a warning, and a button to go on. Being on one page counts for all those open.
const SEEN = "adherents-seen";
for (const box of document.querySelectorAll("[data-idle-minutes]")) {
  const idle = Number(box.dataset.idleMinutes) * 60_000;
  const warning = Number(box.dataset.warningMinutes) * 60_000;
  let here = Date.now();
  const wasHere = (moment) => {
    here = moment;
    try {
      localStorage.setItem(SEEN, String(here));
    } catch {
      // No storage: this page counts for itself alone.
    }
  };
  const elsewhere = () => {
    try {
      return Number(localStorage.getItem(SEEN));
    } catch {
      return 0;
    }
  };
  const look = () => {
    const left = idle - (Date.now() - Math.max(here, elsewhere()));
    box.querySelector("[data-idle-soon]").hidden = left <= 0;
    box.querySelector("[data-idle-over]").hidden = left > 0;
    box.hidden = left > warning;
  };
  box.querySelector("[data-idle-stay]").addEventListener("click", async () => {
    const answer = await fetch(box.dataset.keep, { cache: "no-store" });
    const entrance = new URL(box.querySelector("[data-idle-over] a").href).pathname;
    const ended = answer.redirected && new URL(answer.url).pathname === entrance;
    wasHere(ended ? 0 : Date.now());
    look();
  });
  wasHere(Date.now());
  setInterval(look, 5_000);
}
