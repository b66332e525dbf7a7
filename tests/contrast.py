"""Which words of a page read under 7:1 (WCAG 1.4.6), as the browser computed their colour and what they are laid on."""

from playwright.sync_api import Page

# One line for each pair of colours, with an example. The mark is a drawing, and what cannot be used may be pale. Drawings (SVG)
# are not judged: what their words are laid on is no ancestor of them.
PALE = r"""() => {
  const parts = (colour) => {
    const numbers = colour.match(/-?[\d.]+(?:e-?\d+)?/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return [...numbers.slice(0, 3).map((one) => one * scale), numbers[3] ?? 1];
  };
  const over = (colour, under) => under.map((one, place) => colour[place] * colour[3] + one * (1 - colour[3]));
  const linear = (one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05;
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const own = parts(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const pale = new Map();
  let judged = 0;
  const judge = (element, colour, words) => {
    const under = ground(element);
    const both = [light(over(parts(colour), under)), light(under)];
    const ratio = Math.max(...both) / Math.min(...both);
    judged += 1;
    if (ratio < 6.995) pale.set(`${colour} on ${under.map(Math.round)}`, `${ratio.toFixed(2)}: ${words.slice(0, 40)}`);
  };
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".mark, .visually-hidden, .outdated, svg, option, :disabled, [aria-disabled=true]")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const words = texts.map((node) => node.data).join(" ").trim();
    const typed = element.matches("input:not([type=hidden]), textarea, select") ? element.value : "";
    if (words || typed) judge(element, getComputedStyle(element).color, words || typed);
    else if (element.placeholder) judge(element, getComputedStyle(element, "::placeholder").color, element.placeholder);
  }
  return [judged, [...pale].map((pair) => pair.join(", "))];
}"""


def pale_words(page: Page) -> list[str]:
    """The pairs of colours that read under 7:1; [] when there is none."""
    judged, pale = page.evaluate(PALE)
    assert judged > 0, "no word was found to judge"
    return list(pale)
