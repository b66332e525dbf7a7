// A paper that is not drawn yet: its picture comes when the portal has drawn it, without a reload.
const WAITS = [1, 2, 3, 5, 8, 13, 20, 30]; // seconds

async function show(sheet, tries) {
  if (tries >= WAITS.length) return;
  await new Promise((go) => setTimeout(go, WAITS[tries] * 1000));
  const answer = await fetch(sheet.dataset.picture, { method: "HEAD" }).catch(() => null);
  if (answer?.status !== 200) {
    show(sheet, tries + 1);
    return;
  }
  const picture = new Image(120, 160);
  picture.className = sheet.className;
  picture.alt = sheet.dataset.alt;
  picture.src = sheet.dataset.picture;
  picture.decode().then(
    () => sheet.replaceWith(picture),
    () => {},
  );
}

for (const sheet of document.querySelectorAll("[data-picture]")) show(sheet, 0);
