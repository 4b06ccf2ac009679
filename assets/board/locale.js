// The page's own language: English, or a file of phrases in assets/locale. Only words of ours are looked up.

const LOCALE_CHOICE = "longwriter.locale";
const LOCALE = localStorage.getItem(LOCALE_CHOICE) ?? (navigator.language.startsWith("zh") ? "zh" : "en");
const PHRASES = LOCALES[LOCALE] ?? {};

/** Put the words of a static template into the page's language, before anybody's text comes into it. */
function translate(root) {
  if (!root || LOCALE === "en") return;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const phrase = PHRASES[node.data.trim()];
    if (phrase) node.data = node.data.replace(node.data.trim(), phrase);
  }
  for (const node of root.querySelectorAll("[aria-label], [title], [placeholder]")) {
    for (const name of ["aria-label", "title", "placeholder"]) {
      const phrase = PHRASES[node.getAttribute(name)];
      if (phrase) node.setAttribute(name, phrase);
    }
  }
}

/**
 * A sentence of the studio in the page's language. Its phrases stand in the same file, with a slot for each name or
 * number that the studio puts in; an error's message and hint may come as one text.
 */
function said(text) {
  if (LOCALE === "en" || !text) return text;
  const whole = phraseFor(text);
  if (whole) return whole;
  for (let at = text.indexOf(" "); at > 0; at = text.indexOf(" ", at + 1)) {
    if (!".!?".includes(text[at - 1])) continue;
    const [first, rest] = [phraseFor(text.slice(0, at)), phraseFor(text.slice(at + 1))];
    if (first && rest) return first + rest;
  }
  return text;
}

/** Phrases with slots, as patterns; those that say most come first. */
const PATTERNS = Object.entries(PHRASES)
  .filter(([phrase]) => phrase.includes("{"))
  .sort(([a], [b]) => b.replace(/\{\w+\}/g, "").length - a.replace(/\{\w+\}/g, "").length)
  .map(([phrase, other]) => {
    const names = [...phrase.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const pattern = phrase.split(/\{\w+\}/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("([^]+?)");
    return { pattern: new RegExp("^" + pattern + "$"), names, other };
  });

function phraseFor(text) {
  if (PHRASES[text]) return PHRASES[text];
  for (const { pattern, names, other } of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return other.replace(/\{(\w+)\}/g, (whole, name) => found[1 + names.indexOf(name)] ?? whole);
  }
  return null;
}

function startLocale() {
  document.documentElement.lang = LOCALE === "zh" ? "zh-CN" : "en";
  for (const part of ["#lw-tabs > .tab-wrapper", "#lw-brief"]) translate(document.querySelector(part));
}
