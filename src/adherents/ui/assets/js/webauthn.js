// Passkeys: ask the browser for one with the server's options, and post its answer with the form.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const withBytes = (list) => (list || []).map((known) => ({ ...known, id: toBytes(known.id) }));

async function create({ publicKey }) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
    },
  });
  return answer(made, {
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.() || [],
  });
}

async function get({ publicKey }) {
  const given = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
  const { authenticatorData, signature, userHandle } = given.response;
  return answer(given, {
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

function answer(credential, response) {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...response },
  };
}

async function optionsFor(form) {
  if (form.dataset.passkeyOptions) {
    const reply = await fetch(form.dataset.passkeyOptions, { headers: { Accept: "application/json" } });
    return (await reply.json()).request_options;
  }
  const data = JSON.parse(document.getElementById("passkey-data").textContent);
  return data.creation_options || data.request_options;
}

// A passkey belongs to a name (https://espace.example.fr, http://localhost), never to a bare IP address.
const usable = window.PublicKeyCredential && window.isSecureContext && !/^[\d.]+$|:/.test(location.hostname);
for (const part of document.querySelectorAll("[data-passkey-sign-in], [data-passkey-only]")) part.hidden = !usable;
for (const part of document.querySelectorAll("[data-passkey-missing]")) part.hidden = Boolean(usable);

for (const form of document.querySelectorAll("form[data-passkey], form[data-passkey-options]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // A second press would ask for another challenge, which ends the first one, and the browser would refuse the second.
    if (form.dataset.asking) return;
    form.dataset.asking = "on";
    const failed = form.querySelector("[data-passkey-failed]");
    if (failed) failed.hidden = true;
    try {
      const options = await optionsFor(form);
      const credential = form.dataset.passkey === "create" ? await create(options) : await get(options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      // The person closed the browser's window, or has no key here: say so, and leave everything as it was.
      delete form.dataset.asking;
      if (failed) failed.hidden = false;
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  });
  addEventListener("pageshow", () => {
    delete form.dataset.asking;
  });
}
