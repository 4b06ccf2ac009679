// The brief's form is made of ordinary components; this keeps what was typed through a reload, shows what a length
// means, and puts a message beside the button when the brief cannot be used.

const TYPED_BRIEF = "longwriter.brief";
const WORDS_A_STEP = 400;
const WORDS_A_PAGE = 500;

function briefField(id) {
  return document.querySelector("#" + id + " textarea, #" + id + " input");
}

/** Set a component's field as if it had been typed. */
function enter(id, text) {
  const field = briefField(id);
  if (!field) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function fillBrief(head) {
  enter("lw-ask", head.instruction);
  document.querySelector("#lw-length input[value='Custom']")?.click();
  enter("lw-custom", String(head.target_words));
}

/** The form is mounted after the board; `ready` runs when its button is there. */
function whenFormIsThere(ready) {
  if (document.getElementById("lw-make") && briefField("lw-ask")) ready();
  else requestAnimationFrame(() => whenFormIsThere(ready));
}

function startBrief(board) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || board.stage !== "brief" || !board.visible) return;
    event.preventDefault();
    document.getElementById("lw-make")?.click();
  });
  whenFormIsThere(() => {
    startLocale();
    keepBrief();
  });
}

function keepBrief() {
  const typed = localStorage.getItem(TYPED_BRIEF);
  if (typed && briefField("lw-ask")?.value === "") enter("lw-ask", typed);
  const form = document.getElementById("lw-brief");
  const changed = () => {
    localStorage.setItem(TYPED_BRIEF, briefField("lw-ask")?.value ?? "");
    showBriefProblem(null);
    showLengthHint();
    clearTimeout(window.longwriter.weighing);
    window.longwriter.weighing = setTimeout(weighBrief, 500);
  };
  form.addEventListener("input", changed);
  // An example is put into its field by a script, which is no input.
  form.addEventListener("click", (event) => event.target.closest("#lw-examples") && setTimeout(changed, 200));
  weighBrief();
  startNotes(form);
  form.addEventListener("click", () => setTimeout(showLengthHint, 0));
  showLengthHint();
  showBriefNote(Boolean(window.longwriter.board.draft));
}

function showLengthHint() {
  const hint = document.getElementById("lw-length-hint");
  if (!hint) return;
  const chosen = document.querySelector("#lw-length input:checked")?.value;
  const custom = chosen === "Custom";
  document.getElementById("lw-custom")?.classList.toggle("is-off", !custom);
  const words = Number((custom ? briefField("lw-custom")?.value ?? "" : chosen ?? "").replace(/[\s,]/g, ""));
  if (!Number.isFinite(words) || words < 1) return say(hint, t("From 50 to 100,000 words."));
  const parts = Math.max(1, Math.round(words / WORDS_A_STEP));
  const pages = Math.max(1, Math.round(words / WORDS_A_PAGE));
  say(hint, t("{n} words are about {m} steps and {k} printed pages.", { n: figure(words), m: figure(parts), k: figure(pages) }));
}

/** Another plan never replaces the open piece. */
function showBriefNote(isOpen) {
  const note = document.getElementById("lw-go-note");
  if (note) say(note, isOpen ? t("This starts a new piece; the open one stays in the library.") : t("You can edit the plan before anything is written."));
}

function showBriefProblem(problem) {
  const place = document.getElementById("lw-brief-problem");
  if (!place) return;
  place.replaceChildren(...(problem ? [failure(problem)] : []));
}

/** Which language the instruction is in, and what the notes cost, as the studio sees them. */
async function weighBrief() {
  const board = window.longwriter.board;
  const instruction = briefField("lw-ask")?.value ?? "";
  const notes = briefField("lw-notes")?.value ?? "";
  const answer = await board.link.ask("weigh", { instruction, notes });
  if (!answer) return;
  say(document.getElementById("lw-detected"), answer.language ? t("Detected: {language}.", { language: t(answer.language) }) : "");
  say(document.getElementById("lw-notes-price"), answer.tokens ? t("About {n} tokens, read once for the plan and once for the text.", { n: figure(answer.tokens) }) : "");
}

/** The button and the file of the notes, heard at the form: they may be mounted after it. */
function startNotes(form) {
  form.addEventListener("click", (event) => {
    if (event.target.closest("#lw-notes-add")) document.getElementById("lw-notes-file").click();
  });
  form.addEventListener("change", (event) => {
    if (event.target.id === "lw-notes-file") addNotes(event.target);
  });
}

async function addNotes(file) {
  const [chosen] = file.files;
  file.value = "";
  if (!chosen) return;
  const data = await base64(chosen).catch(() => null);
  const answer = data === null ? null : await window.longwriter.board.link.ask("notes", { name: chosen.name, data });
  if (!answer || answer.refused) return showBriefProblem(answer?.refused ?? { message: t("The file could not be read."), hint: t("Try again.") });
  const before = briefField("lw-notes").value.trim();
  enter("lw-notes", (before ? before + "\n\n" : "") + answer.text);
  weighBrief();
}
