// Before the session ends by itself: a warning, and a button to go on. Being on one page counts for all those open, and so
// does typing, whatever is typed in. Signing out on one page ends them all: none is left to read.
const SEEN = "adherents-seen";
const OUT = "adherents-out"; // when somebody signed out here: the other pages hear of it
if (document.querySelector("[data-signed-out]")) {
  try {
    localStorage.setItem(OUT, String(Date.now()));
  } catch {
    // No storage: each page finds out by itself.
  }
}
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
  const again = box.querySelector("[data-idle-over] a").href;
  let lastHeard = Date.now(); // when the server last heard of this page
  let isOwed = false; // somebody was here, and the server has not heard of it
  const stay = async () => {
    [lastHeard, isOwed] = [Date.now(), true];
    const answer = await fetch(box.dataset.keep, { cache: "no-store" });
    isOwed = false;
    const ended = answer.redirected && new URL(answer.url).pathname === new URL(again).pathname;
    wasHere(ended ? 0 : Date.now());
    look();
  };
  // Without the network the page signs out no sooner, and is heard of once it is back.
  const stayIfHeard = () => stay().catch(() => {});
  box.querySelector("[data-idle-stay]").addEventListener("click", stayIfHeard);
  addEventListener("online", () => isOwed && stayIfHeard());
  document.addEventListener("input", () => {
    if (Date.now() - lastHeard > 60_000) stayIfHeard();
  });
  document.addEventListener("adherents:here", () => {
    lastHeard = Date.now();
    wasHere(lastHeard);
    look();
  });
  addEventListener("storage", (event) => event.key === OUT && event.newValue && location.replace(again));
  wasHere(Date.now());
  setInterval(look, 5_000);
}
