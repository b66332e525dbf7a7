// The form's words are kept with the files that arrived, so that the member can go on in another browser.
const parts = window.sending;

parts.keeping = (form, { settings, entries }) => {
  function keep() {
    if (!entries.earlier("arrived").length && !entries.find("arrived")) return;
    const said = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "order");
    const body = new URLSearchParams(said);
    fetch(settings.keep + new URL(form.action).search, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") keep();
  });
  return keep;
};
