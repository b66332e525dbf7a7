// What may be wrong with a photo, judged before it is sent and never against it: blurred, dark, an edge cut off.
const parts = window.sending;
const SIDE = 1600; // pixels, of the longest side of what is judged: small print is still a few pixels high
const TILE = 32;
const DARK = 90; // of 255: the light of a sheet of paper in a room
const SHARP = 0.21; // of a tile's contrast, in one pixel: a printed letter that can be read
const CONTRAST = 60; // of 255: something is printed there
const BORDER = 0.012; // of the width: what is looked at along each side

// The grey of each pixel, once scaled down.
function greyOf(picture) {
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  drawn.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data, width, height } = drawn.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at += 1)
    grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 151 + data[4 * at + 2] * 28) >> 8;
  return { grey, width, height };
}

// The value that this share of the pixels does not reach.
function levelOf(grey, share) {
  const counts = new Uint32Array(256);
  for (const value of grey) counts[value] += 1;
  let left = grey.length * share;
  for (let value = 0; value < 256; value += 1) {
    left -= counts[value];
    if (left < 0) return value;
  }
  return 255;
}

// How steep the steepest edge of a tile is beside its contrast; 0 where nothing is printed.
function steepnessOf({ grey, width }, left, top) {
  let [low, high, steepest] = [255, 0, 0];
  for (let y = top; y < top + TILE; y += 1) {
    for (let x = left, at = y * width + left; x < left + TILE; x += 1, at += 1) {
      const value = grey[at];
      if (value < low) low = value;
      if (value > high) high = value;
      const step = Math.max(Math.abs(value - grey[at + 1]), Math.abs(value - grey[at + width]));
      if (step > steepest) steepest = step;
    }
  }
  return high - low < CONTRAST ? 0 : steepest / (high - low);
}

function isBlurred(seen) {
  const found = [];
  for (let top = 0; top + TILE < seen.height; top += TILE) {
    for (let left = 0; left + TILE < seen.width; left += TILE) {
      const steepness = steepnessOf(seen, left, top);
      if (steepness) found.push(steepness);
    }
  }
  found.sort((one, other) => one - other);
  return found.length > 3 && found[Math.floor(found.length * 0.75)] < SHARP;
}

// The darkest pixel of each step along a side, in a thin strip. `start`: of the strip's corner; `along`, `deep`: from a pixel to the next.
function darkestAlong(grey, { start, along, deep, long }, strip) {
  return Array.from({ length: long }, (_, step) => {
    let darkest = 255;
    for (let depth = 0; depth < strip; depth += 1) {
      darkest = Math.min(darkest, grey[start + step * along + depth * deep]);
    }
    return darkest;
  });
}

// How much of each side is paper, and how much of it is printed.
function sidesOf({ grey, width, height }, paper) {
  const strip = Math.max(4, Math.round(width * BORDER));
  const last = grey.length - 1;
  const sides = [
    { start: 0, along: 1, deep: width, long: width },
    { start: last, along: -1, deep: -width, long: width },
    { start: 0, along: width, deep: 1, long: height },
    { start: last, along: -width, deep: -1, long: height },
  ];
  return sides.map((side) => {
    const seen = darkestAlong(grey, side, strip);
    const share = (is) => seen.filter(is).length / seen.length;
    return { paper: share((value) => value > paper - 45), ink: share((value) => value < paper - 90) };
  });
}

// The sheet runs out of the picture: on one side and not on another, or with what is printed on it.
function isCut(seen, paper) {
  const sides = sidesOf(seen, paper);
  const out = sides.filter((side) => side.paper > 0.5);
  const isHalfIn = out.length > 0 && sides.some((side) => side.paper < 0.1);
  return isHalfIn || out.some((side) => side.ink > 0.01 && side.paper + side.ink > 0.9);
}

// Which of "blurred", "dark" and "cut" it seems to be.
parts.doubtsOf = (picture) => {
  const seen = greyOf(picture);
  const paper = levelOf(seen.grey, 0.85);
  if (paper < DARK) return ["dark"]; // nothing else is certain then
  return [...(isBlurred(seen) ? ["blurred"] : []), ...(isCut(seen, paper) ? ["cut"] : [])];
};
