// The board's words and figures in one place, so that another language is another file.

const NBSP = "\u00a0";

/** Words of the page in its language; `{name}` is filled in. English is its own key. */
function t(text, values = {}) {
  return (PHRASES[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Text with figures between asterisks, as nodes. */
const marked = (text) => text.split("*").map((piece, i) => (i % 2 ? el("b", {}, piece) : piece)).filter((piece) => piece !== "");

const FIGURES = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const figure = (number) => FIGURES.format(Math.round(number));
const count = (number, language) => (language === "zh" ? figure(number) + "字" : figure(number) + NBSP + (number === 1 ? t("word") : t("words")));

const steps = (number) => (number === 1 ? t("1 step") : t("{n} steps", { n: figure(number) }));

/** The words of a step as they were typed, thousands set apart or not; null where they are no number of words for a step. */
function wordsTyped(typed) {
  const text = typed.normalize("NFKC").trim();
  const digits = /^\d{1,3}([\s,.]\d{3})+$/.test(text) ? text.replace(/\D/g, "") : text;
  return /^\d+$/.test(digits) && Number(digits) >= 1 && Number(digits) <= MOST_WORDS ? Number(digits) : null;
}

function duration(seconds) {
  if (seconds < 60) return Math.max(1, Math.round(seconds)) + NBSP + t("s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes + NBSP + t("min");
  const rest = minutes % 60;
  return Math.floor(minutes / 60) + NBSP + t("h") + (rest ? " " + rest + NBSP + t("min") : "");
}

/** A main point up to its first colon, where that is not far. */
function beginning(point) {
  const colon = point.search(/[:：]/);
  return colon > 0 && colon <= 60 ? point.slice(0, colon) : "";
}

const STATES = {
  planned: "Planned",
  writing: "Writing",
  written: "Written",
  edited: "Edited by you",
  stale: "Stale",
  stopped: "Stopped",
  failed: "Not written",
};

const FINISH = {
  length: "Ended at the length limit",
  error: "Cut short by an error",
  loop: "Broken off: it repeated itself",
};

// What undo takes back, by the name of the edit.
const CHANGES = {
  edit_step: "change of a step",
  insert_step: "new step",
  delete_step: "deletion of a step",
  move_step: "move",
  edit_text: "typing",
  keep: "keep as it is",
  set_title: "change of the title",
  set_mode: "way of writing",
  set_plan: "import of a plan",
  write: "writing of a paragraph",
  plan: "making of the plan",
  split_step: "split of a step",
  merge_step: "merge of two steps",
  rebalance: "rebalancing",
  accept_plan: "new plan",
  discard_plan: "discarded plan",
  choose: "choice of a text",
  dismiss: "closing of the alternatives",
  alternatives: "alternatives",
  suggest: "new main point",
  return_to: "return to a version",
  replace_text: "replacement",
};

function staleReason(reasons) {
  if (reasons.includes("step")) return t("Its step in the plan changed after it was written.");
  if (reasons.includes("brief")) return t("The brief changed after it was written.");
  return t("The text before it changed after it was written.");
}

/** A language by its code, in the page's own language. */
const languageName = (code) => NAMES_OF_LANGUAGES.of(code) ?? code;
const NAMES_OF_LANGUAGES = new Intl.DisplayNames(LOCALE === "zh" ? "zh-CN" : "en", { type: "language" });

const MODES = {
  conversation: "Each paragraph continues one conversation, and nothing is read twice.",
  agentwrite: "Each paragraph has a prompt of its own with the whole text so far.",
  oneshot: "The whole piece in one answer, cut into paragraphs.",
  parallel: "Every step at once, without seeing the others: faster, less coherent.",
};

/** Words of a text as the studio counts them (see longwriter_ui/words.py). */
function countWords(text, language) {
  const of = (pattern) => (text.match(pattern) ?? []).length;
  if (language === "en" || language === "zh") return of(/[\u4e00-\u9fff]/g) + of(/(?<![\p{L}\p{N}_])[a-zA-Z]+(?![\p{L}\p{N}_])/gu);
  if (language === "ja" || language === "th") return of(/[\p{L}\p{N}]/gu);
  return of(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’-][\p{L}\p{N}\p{M}]+)*/gu);
}
