// The page's own language: English, or files of phrases in assets/locale: zh.json those of the page, zh.studio.json
// the sentences that the studio says. Only words of ours are looked up.

const LOCALE_CHOICE = "longwriter.locale";
const LOCALE = localStorage.getItem(LOCALE_CHOICE) ?? (navigator.language.startsWith("zh") ? "zh" : "en");
const PHRASES = LOCALES[LOCALE] ?? {};
const SENTENCES = LOCALES[LOCALE + ".studio"] ?? {};

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
 * What the studio says in the page's language, with slots for the names and numbers that it puts in: one sentence, or
 * several after another. Whole or not at all.
 */
function said(text) {
  return LOCALE === "en" || !text ? text : (sentencesOf(text) ?? text);
}

function sentencesOf(text) {
  const whole = phraseFor(text);
  if (whole) return whole;
  for (let at = text.indexOf(" "); at > 0; at = text.indexOf(" ", at + 1)) {
    if (!".!?".includes(text[at - 1])) continue;
    const first = phraseFor(text.slice(0, at));
    const rest = first && sentencesOf(text.slice(at + 1));
    if (rest) return first + rest;
  }
  return null;
}

/** Sentences with slots, as patterns; those that say most come first. */
const PATTERNS = Object.entries(SENTENCES)
  .filter(([phrase]) => phrase.includes("{"))
  .sort(([a], [b]) => b.replace(/\{\w+\}/g, "").length - a.replace(/\{\w+\}/g, "").length)
  .map(([phrase, other]) => {
    const names = [...phrase.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const pattern = phrase.split(/\{\w+\}/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("([^]+?)");
    return { pattern: new RegExp("^" + pattern + "$"), names, other };
  });

function phraseFor(text) {
  if (SENTENCES[text]) return SENTENCES[text];
  for (const { pattern, names, other } of PATTERNS) {
    const found = pattern.exec(text);
    const slot = (name) => found[1 + names.indexOf(name)];
    if (found) return other.replace(/\{(\w+)\}/g, (whole, name) => PHRASES[slot(name)] ?? slot(name) ?? whole);
  }
  return null;
}

/** What is not in a template: the language of the document, and the tabs as soon as they are there. */
function startLocale() {
  document.documentElement.lang = LOCALE === "zh" ? "zh-CN" : "en";
  const tabs = document.querySelector("#lw-tabs > .tab-wrapper");
  if (tabs?.querySelector("[role=tab]")) translate(tabs);
  else requestAnimationFrame(startLocale);
}
