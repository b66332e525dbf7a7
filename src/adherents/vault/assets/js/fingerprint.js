// A file's SHA-256, worked out here: the file itself goes nowhere. Written in a field, or compared with those on the page.
if (globalThis.crypto?.subtle) {
  for (const box of document.querySelectorAll("[data-fingerprint]")) {
    const input = box.querySelector('input[type="file"]');
    const said = box.querySelector('[role="status"]');
    const into = document.getElementById(box.dataset.fingerprint);
    box.hidden = false;
    input.addEventListener("change", async () => {
      said.textContent = "";
      const file = input.files[0];
      if (!file) return;
      let sha256;
      try {
        const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
        sha256 = [...new Uint8Array(digest)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
      } catch {
        if (file === input.files[0]) said.textContent = box.dataset.failed;
        return;
      }
      if (file !== input.files[0]) return; // another one was chosen meanwhile
      if (into) {
        into.value = sha256;
        said.textContent = box.dataset.done;
        return;
      }
      const card = document.querySelector(`[data-sha256="${sha256}"]`);
      const name = card?.querySelector("h2").textContent;
      said.textContent = name ? box.dataset.same.replace("{name}", () => name) : box.dataset.other;
    });
  }
}
