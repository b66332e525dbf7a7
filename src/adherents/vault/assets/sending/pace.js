// How fast a file goes, and how many seconds are left of it.
const parts = window.sending;
const AT_FIRST = 2500; // milliseconds before anything is said: the first bytes only fill buffers
const WINDOW = 12_000; // milliseconds that count: a line changes

parts.pace = () => {
  let marks = [];

  return {
    begin() {
      marks = [];
    },
    mark(sent) {
      const now = performance.now();
      marks.push([now, sent]);
      while (marks.length > 2 && now - marks[1][0] > WINDOW) marks.shift();
    },
    // Bytes a second; 0 while it is not known.
    rate() {
      if (marks.length < 3) return 0;
      const [[first, from], [last, to]] = [marks[0], marks.at(-1)];
      return last - first < AT_FIRST ? 0 : ((to - from) * 1000) / (last - first);
    },
  };
};
