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
  whenFormIsThere(keepBrief);
}

function keepBrief() {
  const typed = localStorage.getItem(TYPED_BRIEF);
  if (typed && briefField("lw-ask")?.value === "") enter("lw-ask", typed);
  const form = document.getElementById("lw-brief");
  form?.addEventListener("input", () => {
    localStorage.setItem(TYPED_BRIEF, briefField("lw-ask")?.value ?? "");
    showBriefProblem(null);
    showLengthHint();
  });
  form?.addEventListener("click", () => setTimeout(showLengthHint, 0));
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
  if (!Number.isFinite(words) || words < 1) return say(hint, "From 50 to 100,000 words.");
  const steps = Math.max(1, Math.round(words / WORDS_A_STEP));
  const pages = Math.max(1, Math.round(words / WORDS_A_PAGE));
  say(hint, count(words, "en") + " is about " + figure(steps) + (steps === 1 ? " step and " : " steps and ") + figure(pages) + (pages === 1 ? " printed page." : " printed pages."));
}

/** Another plan never replaces the open piece. */
function showBriefNote(isOpen) {
  const note = document.getElementById("lw-go-note");
  if (note) say(note, isOpen ? "This starts a new piece; the open one stays in the library." : "You can edit the plan before anything is written.");
}

function showBriefProblem(problem) {
  const place = document.getElementById("lw-brief-problem");
  if (!place) return;
  place.replaceChildren(...(problem ? [flag("fail", problem.message, problem.hint)] : []));
}
