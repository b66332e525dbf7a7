// A sending's other documents: the strip begins where the one on the screen is.
const shown = document.querySelector(".sending [aria-current]");
const strip = shown?.closest("ol");
if (strip) strip.scrollLeft = shown.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + shown.offsetWidth / 2;
