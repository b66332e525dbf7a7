// The eye of a password field. It is hidden in the page, since it does nothing without this script.
for (const eye of document.querySelectorAll("[data-eye]")) {
  const input = eye.parentElement.querySelector("input");
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    eye.setAttribute("aria-pressed", String(visible));
    eye.querySelector("[data-eye-name]").textContent = visible ? eye.dataset.hide : eye.dataset.show;
  };
  eye.hidden = false;
  eye.addEventListener("click", () => show(input.type === "password"));
  // A password shown is never sent as text: browsers would keep it among what was typed before.
  input.form?.addEventListener("submit", () => show(false));
}
