// A password manager takes the last text field before a password for the user name: here, a birth year. The three fields of the
// date stay where they are and are sent as they were, but as hidden fields; those that are typed in belong to a form apart.
for (const form of document.querySelectorAll("form[data-date-apart]")) {
  const inputs = [...form.querySelectorAll("[data-birth-date] input")];
  if (!inputs.length) continue;
  const apart = document.createElement("form");
  apart.id = "date-apart";
  apart.hidden = true;
  document.body.append(apart);
  const pairs = inputs.map((input) => {
    const sent = document.createElement("input");
    sent.type = "hidden";
    sent.name = input.name;
    form.append(sent);
    input.setAttribute("form", apart.id);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      form.requestSubmit();
    });
    return [input, sent];
  });
  form.addEventListener("submit", () => {
    for (const [input, sent] of pairs) sent.value = input.value;
  });
}
