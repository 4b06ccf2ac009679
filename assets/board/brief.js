// The brief's form: it keeps what was typed through a reload, shows what a length, a language and the notes mean, and
// puts a message beside the button when the brief cannot be used.

const TYPED_BRIEF = "longwriter.brief";
const USUAL_LENGTH = 1000; // until the brief names a length, or a length is chosen
const WORDS_A_STEP = 400;
const WORDS_A_PAGE = 500;
const WEIGHING_PAUSE = 500;
const MOST_TYPED = 100000; // characters; a longer brief is refused, and would only make the next loading slow
const [FEWEST_ASKED, MOST_ASKED] = [50, 100000];

class BriefForm {
  constructor(board, form) {
    this.board = board;
    this.form = form;
    this.parts = partsOf(form);
    const { parts } = this;
    parts.asked.value = localStorage.getItem(TYPED_BRIEF) ?? "";
    parts.language.append(...NAMED_LANGUAGES.map((code) => el("option", { value: code }, languageName(code))));
    parts.examples.append(...EXAMPLES.map((example) => button(t(example.name), () => this.use(example), { kind: "quiet" })));
    this.lengthChosen = false;
    parts.lengths.addEventListener("input", () => {
      this.lengthChosen = true;
    });
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin();
    });
    parts.lengths.addEventListener("change", (event) => event.target.type === "radio" && event.target.value === "" && parts.custom.select());
    parts.addNotes.addEventListener("click", () => parts.file.click());
    parts.file.addEventListener("change", () => this.addNotes());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || board.stage !== "brief" || !board.visible) return;
      event.preventDefault();
      this.begin();
    });
    this.showLength();
    this.fit();
    this.weigh();
  }

  get chosenLength() {
    return this.parts.lengths.querySelector("input[type=radio]:checked").value;
  }

  get words() {
    return this.chosenLength || this.parts.custom.value;
  }

  changed() {
    const typed = this.parts.asked.value;
    if (typed.length <= MOST_TYPED) localStorage.setItem(TYPED_BRIEF, typed);
    this.showProblem(null);
    this.showLength();
    this.fit();
    clearTimeout(this.weighing);
    this.weighing = setTimeout(() => this.weigh(), WEIGHING_PAUSE);
  }

  fit() {
    fit(this.parts.asked);
    fit(this.parts.notes);
  }

  use(example) {
    this.parts.asked.value = example[LOCALE] ?? example.en;
    this.changed();
    this.parts.asked.focus();
  }

  /** The brief of a draft, to begin another one with. */
  fill(head) {
    const { parts } = this;
    parts.asked.value = head.instruction;
    this.lengthChosen = true;
    this.setLength(head.target_words);
    this.changed();
  }

  setLength(words) {
    const radios = [...this.parts.lengths.querySelectorAll("input[type=radio]")];
    const offered = radios.find((radio) => Number(radio.value.replace(",", "")) === words);
    (offered ?? radios.at(-1)).checked = true;
    if (!offered) this.parts.custom.value = figure(words);
    this.showLength();
  }

  /** Start a piece: the studio makes the draft, and begins to plan it. */
  async begin() {
    const { parts, board } = this;
    if (parts.make.disabled) return;
    parts.make.disabled = true;
    if (!this.lengthChosen) await this.weigh(); // the length may just have been typed
    const answer = await board.link.ask("begin", { instruction: parts.asked.value, words: this.words, language: parts.language.value, notes: parts.notes.value });
    parts.make.disabled = false;
    this.showProblem(answer ? answer.refused : NO_ANSWER);
    if (!answer?.draft) return;
    board.open(answer.draft, "plan");
    board.root.querySelector("[data-stage=plan]").focus(); // the form is gone, and the focus would be with it
  }

  showLength() {
    const { parts } = this;
    const wanted = this.chosenLength === "";
    parts.custom.parentElement.hidden = !wanted;
    const words = Number(this.words.normalize("NFKC").replace(/[\s,_]/g, ""));
    const isLength = Number.isInteger(words) && words >= FEWEST_ASKED && words <= MOST_ASKED;
    parts.custom.setAttribute("aria-invalid", String(!isLength));
    if (!isLength) return say(parts.lengthHint, t("From 50 to 100,000 words."));
    const parted = Math.max(1, Math.round(words / WORDS_A_STEP));
    const pages = Math.max(1, Math.round(words / WORDS_A_PAGE));
    const printed = pages === 1 ? t("1 printed page") : t("{n} printed pages", { n: figure(pages) });
    return say(parts.lengthHint, t("{n} words are about {steps} and {pages}.", { n: figure(words), steps: steps(parted), pages: printed }));
  }

  /** Another plan never replaces the open piece. */
  showNote(isOpen) {
    say(this.parts.goNote, isOpen ? t("This starts a new piece; the open one stays in the library.") : t("You can edit the plan before anything is written."));
  }

  showProblem(problem) {
    this.parts.problem.replaceChildren(...(problem ? [failure(problem)] : []));
  }

  /** Which language the instruction is in, and what the notes cost, as the studio sees them. */
  async weigh() {
    const { parts, board } = this;
    const answer = await board.link.ask("weigh", { instruction: parts.asked.value, notes: parts.notes.value });
    if (!answer) return;
    if (!this.lengthChosen) this.setLength(answer.words ?? USUAL_LENGTH);
    say(parts.detected, answer.language ? t("Detected: {language}.", { language: languageName(answer.language) }) : "");
    say(parts.price, answer.tokens ? t("About {n} tokens, read once for the plan and once for the text.", { n: figure(answer.tokens) }) : "");
  }

  /** The text of a file, below what the notes hold already. */
  async addNotes() {
    const { parts, board } = this;
    const [chosen] = parts.file.files;
    parts.file.value = "";
    if (!chosen) return;
    const data = await base64(chosen).catch(() => null);
    const answer = data === null ? null : await board.link.ask("notes", { name: chosen.name, data });
    if (!answer || answer.refused) return this.showProblem(answer?.refused ?? { message: t("The file could not be read."), hint: t("Try again.") });
    const before = parts.notes.value.trim();
    parts.notes.value = (before ? before + "\n\n" : "") + answer.text;
    this.changed();
  }
}
