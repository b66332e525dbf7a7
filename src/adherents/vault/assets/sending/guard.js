// The forms' token, which changes with each sign-in in this browser, in whichever tab. While the account that signed in is this
// page's own, the page goes on with the new one; with another account's, never.
const parts = window.sending;

parts.guard = (form) => {
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };

  // Whether there is one. Rejects where no server answered.
  async function renew() {
    const body = new URLSearchParams({ brouillon: form.elements.brouillon.value });
    const answer = await fetch(form.dataset.token, { method: "POST", body });
    if (answer.status >= 500) throw new Error(`status ${answer.status}`);
    const { token } = await answer.json();
    if (!token) return false;
    headers["X-CSRFToken"] = token;
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
    return true;
  }

  return { headers, renew };
};
