// The last step, « Envoyer »: asked again until it is answered. The server makes one receipt of it, however often it is asked.
const parts = window.sending;
const DELAYS = [1000, 2000, 4000, 8000, 15000, 30000];

// Resolves after so long, or as soon as the network is back.
const pause = (delay) =>
  new Promise((resolve) => {
    const timer = setTimeout(done, delay);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
    addEventListener("online", done);
  });

parts.leaving = (form, { settings, page, guard, isReady }) => {
  const { words } = settings;
  const { button } = page;
  let attempt = null; // the one that is on its way; another one, or none, means that it was given up
  let hasLeft = false;
  const span = button.querySelector("span");

  function beBusy() {
    button.setAttribute("aria-disabled", "true");
    span.textContent = button.dataset.busy;
  }

  // Where the receipt is; "" where the page itself must say why not. Rejects where no server answered.
  async function ask(isNew = false) {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    if (answer.status >= 500) throw new Error(`status ${answer.status}`);
    if (answer.status === 201) return (await answer.json()).receipt;
    // A page instead of an answer: they signed in again in another tab, or are signed out.
    const isOld = !answer.headers.get("Content-Type")?.includes("json");
    return isOld && !isNew && (await guard.renew()) ? ask(true) : "";
  }

  // The answer, however long it takes; nothing once the attempt was given up.
  async function answerTo(mine) {
    for (let failures = 0; attempt === mine; failures += 1) {
      try {
        return await ask();
      } catch {
        if (attempt !== mine) break;
        page.tell(navigator.onLine ? words.sendLater : words.sendOffline);
        await pause(DELAYS[Math.min(failures, DELAYS.length - 1)]);
      }
    }
    return "";
  }

  async function leave() {
    const mine = {};
    attempt = mine;
    beBusy();
    const receipt = await answerTo(mine);
    if (attempt !== mine) return;
    hasLeft = true;
    if (receipt) location.assign(receipt);
    else form.submit(); // as a page, which says what is to be corrected
  }

  addEventListener("beforeunload", (event) => {
    if (hasLeft || !isReady()) return;
    event.preventDefault();
    event.returnValue = true; // what browsers of 2023 look at
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted && hasLeft) location.reload(); // it is over: its address leads to the receipt
  });

  return {
    leave,
    isLeaving: () => attempt !== null,
    giveUp() {
      if (hasLeft || !attempt) return;
      attempt = null;
      button.removeAttribute("aria-disabled");
    },
  };
};
