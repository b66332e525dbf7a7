"use strict";
// Each file goes as soon as it is chosen, and goes on after a lost connection (tus). Without this, the form sends them.
{
  const form = document.querySelector("form[data-sending]");
  if (form && window.tus?.isSupported) begin(form);

  function begin(form) {
    const told = JSON.parse(document.getElementById("sending").textContent);
    const { words } = told;
    const list = form.querySelector("[data-uploads]");
    const row = document.getElementById("upload").content;
    const spoken = document.querySelector("[data-say]");
    const notice = form.querySelector("[data-told]");
    const button = form.querySelector('button[type="submit"]');
    const token = form.elements.csrfmiddlewaretoken.value;
    const headers = { "X-CSRFToken": token };
    const DELAYS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 30000, 30000, 30000];
    const entries = [];
    let submitWhenDone = false;
    form.dataset.sending = "on";

    const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
    const say = (text) => {
      spoken.textContent = "";
      setTimeout(() => (spoken.textContent = text), 50);
    };
    const tell = (text, wrong = false) => {
      notice.hidden = !text;
      notice.textContent = text;
      notice.classList.toggle("upload-wrong", wrong);
    };
    const earlier = (part) => [...document.querySelectorAll(`[data-${part}] .upload`)];
    const pending = () => entries.filter((one) => ["queued", "sending", "lost"].includes(one.state));
    const kept = () => entries.filter((one) => one.state !== "refused");
    const total = () => kept().length + earlier("arrived").length;
    const photos = () => [...earlier("arrived"), ...kept().map((one) => one.row)].filter((row) => "photo" in row.dataset);
    const gathering = window.gathering(form, { words, filled, say, changed: label });

    function label() {
      const { one, many } = button.dataset;
      const count = total() - gathering.fewer();
      button.dataset.none ??= button.querySelector("span").textContent;
      if (button.getAttribute("aria-disabled") === "true") return;
      button.querySelector("span").textContent =
        count === 0 ? button.dataset.none : count === 1 ? one : many.replace("{n}", count);
    }

    // A line and what it shows

    function line(file) {
      const made = row.cloneNode(true).querySelector("li");
      const part = (name) => made.querySelector(name);
      part(".upload-name").textContent = file.name;
      part("progress").setAttribute("aria-label", file.name);
      part(".sheet").textContent = file.name.includes(".") ? file.name.split(".").pop().slice(0, 4).toUpperCase() : "";
      if (/^image\/(jpeg|png|webp)$/.test(file.type)) thumbnail(file, part(".sheet"));
      for (const [name, text] of [["[data-retry]", words.retry], ["[data-remove]", words.cancel]]) {
        const hidden = document.createElement("span");
        hidden.className = "visually-hidden";
        hidden.textContent = ` ${file.name}`;
        part(name).replaceChildren(text, hidden);
      }
      return made;
    }

    async function thumbnail(file, sheet) {
      try {
        const picture = await createImageBitmap(file, { resizeWidth: 132, resizeQuality: "medium" });
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d").drawImage(picture, 0, 0);
        picture.close();
        sheet.replaceChildren(canvas);
        gathering.show(photos());
      } catch {
        // A picture that this browser cannot show has its letters.
      }
    }

    async function recognise(entry) {
      try {
        if ((await typeOf(entry.file)).startsWith("image/")) entry.row.dataset.photo = "";
      } catch {
        return; // its turn will tell
      }
      gathering.show(photos());
    }

    function show(entry, state, text = "") {
      entry.state = state;
      const { row, file, sent = 0 } = entry;
      const size = window.sized(file.size);
      const unit = size.split("\u00a0")[1];
      const came = window.sized(sent);
      const values = { size, total: size, sent: came.endsWith(`\u00a0${unit}`) ? came.split("\u00a0")[0] : came };
      row.querySelector(".upload-state").textContent = text || filled(words[state], values);
      const bar = row.querySelector("progress");
      bar.max = file.size || 1;
      bar.value = state === "arrived" ? file.size : sent;
      bar.hidden = state === "refused";
      row.dataset.state = state;
      row.classList.toggle("upload-wrong", state === "refused" || state === "failed");
      row.querySelector(".upload-done").hidden = state !== "arrived";
      row.querySelector("[data-retry]").hidden = state !== "failed";
      const over = ["arrived", "refused", "failed"].includes(state);
      row.querySelector("[data-remove]").firstChild.data = over ? words.remove : words.cancel;
      list.hidden = !entries.length;
      label();
    }

    function refuse(entry, sentence) {
      show(entry, "refused", sentence);
      gathering.show(photos());
      say(`${entry.file.name}. ${sentence}`);
      over();
    }

    // What the browser can know before anything is sent

    async function typeOf(file) {
      const head = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
      const text = String.fromCharCode(...head);
      if (text.includes("%PDF-")) return "application/pdf";
      if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
      if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
      if (text.slice(4, 8) === "ftyp") return /avi[fs]/.test(text.slice(8, 40)) ? "image/avif" : "image/heic";
      if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
      return text.startsWith("II*\0") || text.startsWith("MM\0*") ? "image/tiff" : "";
    }

    async function digest(file) {
      if (!window.crypto?.subtle) return "";
      const made = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      return [...new Uint8Array(made)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
    }

    async function add(files) {
      submitWhenDone = false;
      tell("");
      for (const file of files) {
        const entry = { file, row: line(file), state: "queued" };
        const full = total() >= told.mostFiles;
        entries.push(entry);
        list.append(entry.row);
        entry.row.querySelector("[data-retry]").addEventListener("click", () => retry(entry));
        entry.row.querySelector("[data-remove]").addEventListener("click", () => remove(entry));
        show(entry, "queued");
        if (!file.size) refuse(entry, told.refusals.empty);
        else if (file.size > told.mostBytes) refuse(entry, told.refusals.too_large);
        else if (full) refuse(entry, told.refusals.too_many);
        else recognise(entry);
      }
      next();
    }

    // One file after the other, in the order in which they were chosen

    async function next() {
      if (entries.some((one) => ["sending", "lost"].includes(one.state))) return;
      const entry = entries.find((one) => one.state === "queued");
      if (!entry) return over();
      show(entry, "sending");
      try {
        if (!told.types.includes(await typeOf(entry.file))) {
          refuse(entry, told.refusals.format);
          return next();
        }
        entry.sha256 ??= await digest(entry.file);
      } catch {
        stopped(entry, words.unreadable);
        return next();
      }
      if (entry.state === "sending") start(entry);
    }

    function start(entry) {
      const { file, sha256 } = entry;
      const begun = sha256 && earlier("unfinished").find((one) => one.dataset.sha256 === sha256);
      entry.upload = new window.tus.Upload(file, {
        endpoint: told.endpoint,
        uploadUrl: begun ? begun.dataset.url : null,
        headers,
        metadata: { filename: file.name, filetype: file.type, ...(sha256 && { sha256 }) },
        retryDelays: DELAYS,
        storeFingerprintForResuming: false,
        removeFingerprintOnSuccess: false,
        onShouldRetry: (error) => {
          const status = error.originalResponse?.getStatus() ?? 0;
          const again = status < 400 || status >= 500 || status === 409 || status === 423;
          if (again && status !== 423) lost(entry);
          return again && navigator.onLine;
        },
        onProgress: (sent) => {
          if (!["sending", "lost"].includes(entry.state)) return;
          entry.sent = sent;
          if (sent === file.size) show(entry, "sending", filled(words.checking, { size: window.sized(file.size) }));
          else show(entry, "sending");
        },
        onSuccess: () => {
          if (!entries.includes(entry)) return;
          entry.sent = file.size;
          entry.row.dataset.id = entry.upload.url.split("/").at(-2);
          show(entry, "arrived");
          say(filled(words.sayArrived, { name: file.name }));
          next();
        },
        onError: (error) => failed(entry, error),
      });
      if (begun) taken(begun);
      say(filled(begun ? words.sayResumed : words.sayChosen, { name: file.name }));
      entry.upload.start();
    }

    function lost(entry) {
      if (entry.state !== "sending") return;
      show(entry, "lost");
      say(filled(words.sayLost, { name: entry.file.name }));
    }

    function failed(entry, error) {
      if (!entries.includes(entry)) return;
      const response = error.originalResponse;
      const status = response?.getStatus() ?? 0;
      let answer = {};
      try {
        answer = JSON.parse(response.getBody());
      } catch {
        // Not ours: the words below are.
      }
      if (!response && !navigator.onLine) return lost(entry); // `online` goes on from here
      if ([413, 415, 422].includes(status) && answer.sentence) refuse(entry, answer.sentence);
      else stopped(entry, answer.sentence ?? (status === 403 ? words.reload : words.failed));
      next();
    }

    function stopped(entry, sentence) {
      show(entry, "failed", sentence);
      say(`${entry.file.name}. ${sentence}`);
    }

    function retry(entry) {
      show(entry, "queued");
      tell("");
      entry.row.querySelector("[data-remove]").focus();
      if (!entry.upload) return next();
      if (entries.some((one) => ["sending", "lost"].includes(one.state))) return;
      show(entry, "sending");
      entry.upload.start();
    }

    async function remove(entry) {
      const place = entries.indexOf(entry);
      entries.splice(place, 1);
      entry.row.remove();
      const address = entry.upload?.url;
      // Focus stays near: on the next line, or back on the way to choose.
      const near = entries[Math.min(place, entries.length - 1)];
      (near?.row.querySelector("[data-remove]") ?? form.querySelector("#id_files")).focus();
      say(filled(words.sayRemoved, { name: entry.file.name }));
      list.hidden = !entries.length;
      tell("");
      gathering.show(photos());
      next();
      try {
        await entry.upload?.abort(false);
        if (address) await window.tus.Upload.terminate(address, { headers, retryDelays: DELAYS });
      } catch {
        // What is left of it expires by itself.
      }
    }

    function taken(line) {
      const section = line.closest("section");
      line.remove();
      if (!section.querySelector(".upload")) section.remove();
    }

    function over() {
      label();
      if (!submitWhenDone || pending().length) return;
      submitWhenDone = false;
      tell("");
      form.requestSubmit(button);
    }

    addEventListener("online", () => {
      const entry = entries.find((one) => one.state === "lost");
      if (!entry) return;
      show(entry, "sending");
      entry.upload.abort(false).finally(() => entry.upload.start());
    });
    addEventListener("offline", () => {
      const entry = entries.find((one) => one.state === "sending");
      if (entry) lost(entry);
    });

    // Ways in: picker and camera, drag and drop, paste

    for (const input of form.querySelectorAll('input[type="file"]')) {
      input.addEventListener("change", () => {
        const files = [...input.files];
        input.value = "";
        add(files);
      });
    }
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      form.classList.add("send-over");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) form.classList.remove("send-over");
    });
    document.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      form.classList.remove("send-over");
      add([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      add(files);
    });
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) form.querySelector("[data-drop-hint]").hidden = false;

    // Taking back what came before this page was opened, without leaving what is on its way

    for (const drop of document.querySelectorAll("form[data-drop]")) {
      drop.addEventListener("submit", async (event) => {
        event.preventDefault();
        const line = drop.closest(".upload");
        const name = line.querySelector(".upload-name").textContent;
        try {
          await window.tus.Upload.terminate(line.dataset.url, { headers, retryDelays: [0, 1000] });
        } catch {
          drop.submit();
          return;
        }
        taken(line);
        form.querySelector("#id_files").focus();
        say(filled(words.sayRemoved, { name }));
        gathering.show(photos());
      });
    }

    form.addEventListener("submit", (event) => {
      const stuck = entries.find((one) => one.state === "failed");
      if (stuck) {
        event.preventDefault();
        tell(words.unfinished, true);
        stuck.row.querySelector("[data-retry]").focus();
        return;
      }
      if (pending().length) {
        event.preventDefault();
        submitWhenDone = true;
        tell(words.wait);
        return;
      }
      form.querySelectorAll('input[name="order"]').forEach((one) => one.remove());
      const arrived = entries.filter((one) => one.state === "arrived").map((one) => one.row);
      for (const row of gathering.ordered([...earlier("arrived"), ...arrived])) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: "order", value: row.dataset.id });
        form.append(field);
      }
    });
    gathering.show(photos());
  }
}
