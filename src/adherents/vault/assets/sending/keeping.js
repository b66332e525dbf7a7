// What the form says is kept with what arrived, for whoever goes on elsewhere.
const parts = window.sending;

parts.keeping = (form, { told, entries }) => {
  function keep() {
    if (!entries.earlier("arrived").length && !entries.find("arrived")) return;
    const said = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "order");
    const body = new URLSearchParams(said);
    fetch(told.keep + new URL(form.action).search, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") keep();
  });
  return keep;
};
