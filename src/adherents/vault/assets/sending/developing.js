// A photo decoded once: its thumbnail, what may be wrong with it, and a lighter copy where it is heavy.
const parts = window.sending;
const SIDE = 2400; // pixels, of the longest side of a lighter copy: a 10-point line stays some 20 pixels high
const QUALITY = 0.8;
const HEAVY = 1_500_000; // bytes: below, a copy would gain little
const THUMBNAIL = 132;
const HEAD = 262_144; // bytes: a JPEG says its size after its EXIF

// The width of a JPEG, and its height; nothing where it does not say so early.
function sizeOf(head) {
  let at = 2;
  while (at + 9 < head.length && head[at] === 0xff) {
    const marker = head[at + 1];
    const length = (head[at + 2] << 8) + head[at + 3];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [(head[at + 7] << 8) + head[at + 8], (head[at + 5] << 8) + head[at + 6]];
    at += 2 + length;
  }
  return null;
}

// No more pixels than are needed: a phone's fifty megapixels take 200 MB.
async function decoded(file, type) {
  const size = type === "image/jpeg" ? sizeOf(new Uint8Array(await file.slice(0, HEAD).arrayBuffer())) : null;
  const scale = size ? SIDE / Math.max(...size) : 1;
  if (scale >= 1) return createImageBitmap(file);
  return createImageBitmap(file, { resizeWidth: Math.round(size[0] * scale), resizeQuality: "high" });
}

function drawn(picture, width) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, Math.round((picture.height * width) / picture.width)];
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function lighterOf(picture, file) {
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = drawn(picture, Math.round(picture.width * scale));
  const blob = await new Promise((made) => canvas.toBlob(made, "image/jpeg", QUALITY));
  const name = `${file.name.replace(/\.[^.]*$/, "")}.jpg`;
  return blob && blob.size < file.size / 2 ? new File([blob], name, { type: "image/jpeg" }) : null;
}

// Rejects for what is no photo, or none that this browser can show. `thumbnail`: a canvas. `doubts`: see `looking.js`. `lighter`: a file, or null.
parts.developed = async (file) => {
  const type = parts.typeOf(await parts.headOf(file)); // a phone may know none
  if (!type.startsWith("image/")) throw new TypeError(type);
  const picture = await decoded(file, type);
  try {
    const thumbnail = drawn(picture, THUMBNAIL);
    const lighter = file.size > HEAVY ? await lighterOf(picture, file) : null;
    return { thumbnail, doubts: parts.doubtsOf(picture), lighter };
  } finally {
    picture.close();
  }
};
