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

function startLocale() {
  document.documentElement.lang = LOCALE === "zh" ? "zh-CN" : "en";
  for (const part of ["#lw-tabs > .tab-wrapper", "#lw-brief"]) translate(document.querySelector(part));
  document.addEventListener("change", (event) => {
    if (event.target.id !== "lw-locale") return;
    localStorage.setItem(LOCALE_CHOICE, event.target.value);
    location.reload();
  });
  // The settings are mounted when their tab is first opened.
  document.addEventListener("click", () => setTimeout(startSettings, 100));
  startSettings();
}

function startSettings() {
  const choice = document.getElementById("lw-locale");
  if (!choice || choice.dataset.ready) return;
  choice.dataset.ready = "1";
  choice.value = LOCALE;
  translate(document.getElementById("lw-settings"));
}
