// While a document is read, the next one is held and its first pages are fetched into the browser's cache.
const form = document.querySelector("[data-prefetch]");
const prefetch = async () => {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!answer.ok || answer.redirected) return;
  for (const address of (await answer.json()).images) new Image().src = address;
};
const whenIdle = window.requestIdleCallback ?? ((act) => setTimeout(act, 300));
// A failure only means that the next one is fetched when it is asked for.
if (form) addEventListener("load", () => whenIdle(() => prefetch().catch(() => {})));
