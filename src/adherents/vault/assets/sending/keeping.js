// The form's words are kept with the files that arrived, so that the member can go on in another browser.
const parts = window.sending;

parts.keeping = (form, { settings, entries, guard }) => {
  let isUnkept = false; // something was said since the portal was told
  let isTelling = false; // one at a time: of two on their way the older one could arrive last

  // Rejects where the words were not kept.
  async function tell(isNew = false) {
    const said = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "order");
    const body = new URLSearchParams(said);
    const address = settings.keep + new URL(form.action).search;
    const { status } = await fetch(address, { method: "POST", body, keepalive: true });
    if (status === 204) return;
    if (isNew || !(await guard.renew())) throw new Error(`status ${status}`);
    await tell(true);
  }

  async function keep() {
    isUnkept = true;
    if (isTelling || (!entries.earlier("arrived").length && !entries.find("arrived"))) return;
    isTelling = true;
    try {
      while (isUnkept) {
        isUnkept = false;
        await tell();
      }
    } catch {
      isUnkept = true; // no network, or signed out: told again once it is back, or with the next word
    } finally {
      isTelling = false;
    }
  }
  const keepTheRest = () => isUnkept && keep();

  form.addEventListener("input", (event) => {
    if (event.target.type !== "file") isUnkept = true;
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") keep();
  });
  addEventListener("online", keepTheRest);
  // A phone that goes to another app in the middle of a word tells of no change, and may never come back.
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keepTheRest());
  return keep;
};
