// A card: one step of the plan with the paragraph written for it, and its places in the outline and the rulers.

const STEP_BY = 50;
const MOST_WORDS = 20000;

class Card {
  constructor(key, board) {
    this.key = key;
    this.board = board;
    this.data = null;
    this.number = 0;
    this.shown = { point: { value: "" }, words: { value: null }, text: { value: "" } };
    this.build();
  }

  build() {
    const { board, key } = this;
    this.grip = el("button", { type: "button", class: "grip", title: t("Drag, or Alt+Up and Alt+Down") }, icon("grip"));
    this.grip.addEventListener("pointerdown", (event) => startDrag(event, this, board));
    this.n = el("span", { class: "n" });
    this.point = el("textarea", { class: "point", rows: "1", placeholder: t("What this step says") });
    this.point.addEventListener("input", () => this.typedPoint());
    this.point.addEventListener("blur", () => this.left("point", () => this.showPoint()));
    this.flags = el("div", { class: "flags" });
    this.prose = new Prose("", {
      input: (text) => this.typedText(text),
      blur: () => this.leftText(),
    });
    this.caret = el("span", { class: "caret", "aria-hidden": "true" });
    this.words = el("input", { inputmode: "numeric", maxlength: "6" });
    this.words.addEventListener("input", () => this.typedWords());
    this.words.addEventListener("blur", () => this.leftWords());
    this.fewer = el("button", { type: "button", "aria-label": t("{n} words fewer", { n: STEP_BY }), on: { click: () => this.stepWords(-STEP_BY) } }, icon("minus"));
    this.moreWords = el("button", { type: "button", "aria-label": t("{n} words more", { n: STEP_BY }), on: { click: () => this.stepWords(STEP_BY) } }, icon("plus"));
    this.shape = el("div", { class: "shape", "aria-hidden": "true" });
    this.dots = iconButton("dots", t("More"), () => board.openMenu(this), { "aria-haspopup": "menu", "aria-expanded": "false" });
    this.w = el("div", { class: "w" });
    this.glyph = el("i", { class: "glyph" });
    this.state = el("span");
    this.progress = el("div", { class: "prog", hidden: true });
    this.togo = el("div", { hidden: true });
    this.why = el("div", { class: "why", hidden: true });
    this.buildAsides();
    this.node = el(
      "li",
      { class: "card", tabindex: "-1", "data-key": key },
      this.cue.node,
      el("div", { class: "gut" }, this.grip, this.n),
      el("div", { class: "mid" }, this.point, this.note.node, this.flags, this.prose.node),
      el(
        "div",
        { class: "side" },
        el("div", { class: "steps-side" }, el("div", { class: "stepper" }, this.fewer, this.words, this.moreWords), this.shape, this.lock, this.dots),
        el("div", { class: "text-side" }, el("div", { class: "meta" }, this.w, el("div", {}, this.glyph, this.state), this.progress, this.togo, this.buildVersions(), this.why), this.buildActs()),
      ),
      el("div", { class: "between" }, button(t("Add a step"), () => board.insertAfter(this.key), { iconName: "plus" })),
    );
    this.buildOutline();
    this.segment = el("i");
    this.planSegment = el("i");
  }

  buildOutline() {
    this.outGlyph = el("i", { class: "glyph" });
    this.outNumber = el("span", { class: "num" });
    this.outLabel = el("span", { class: "label" });
    this.outCount = el("span", { class: "c" });
    this.outTrack = el("span", { class: "track" });
    this.outState = el("span", { class: "sr" });
    this.outline = el("li", {}, el("button", { type: "button", on: { click: () => this.board.goTo(this) } }, this.outGlyph, this.outNumber, this.outLabel, this.outCount, this.outTrack, this.outState));
  }

  // ---- what the server says ----------------------------------------------------------------------------------

  set(data) {
    this.data = data;
    if (this.mayFill("point", this.point)) this.showPoint();
    if (this.mayFill("words", this.words)) this.showWords();
    if (this.mayFill("text", this.prose.node)) this.showText();
    fit(this.point);
    this.show();
  }

  /** Neither being edited nor waiting for the answer to an edit. */
  mayFill(name, field) {
    return document.activeElement !== field && !this.board.link.holds(name + ":" + this.key);
  }

  showPoint() {
    fill(this.point, this.data.main_point);
    this.shown.point.value = this.data.main_point;
  }

  showWords() {
    fill(this.words, this.data.target === null ? "" : String(this.data.target));
    this.shown.words.value = this.data.target;
  }

  showText() {
    this.prose.show(this.data.text);
    this.shown.text.value = this.data.text;
  }

  /** More text of the paragraph being written. */
  append(text) {
    this.data.text += text;
    this.prose.append(text);
    this.shown.text.value = this.data.text;
    this.placeCaret();
  }

  get status() {
    const { status, finish, stale, author, text } = this.data;
    if (status === "writing" || status === "failed") return status;
    if (finish === "cancelled" || finish === "loop") return "stopped";
    if (!text) return "planned";
    if (stale.length) return "stale";
    return author === "user" ? "edited" : "written";
  }

  /** Everything but the fields' values. */
  show() {
    const { data, board, status } = this;
    const language = board.head.language;
    const running = board.writes(this.key);
    this.node.className = "card is-" + status + (board.current === this.key ? " is-current" : "") + (this.node.classList.contains("is-dragged") ? " is-dragged" : "") + (this.folded ? " is-folded" : "") + (data.text ? "" : " is-empty");
    this.node.setAttribute("aria-label", t("Step {n}, {state}", { n: this.number, state: t(STATES[status]).toLowerCase() }));
    this.glyph.className = "glyph " + status;
    this.prose.setEditable(status !== "writing" && data.text !== "");
    this.prose.node.lang = language;
    this.showActs(status);
    this.showVersions(status);
    this.showAsides();
    this.showChoices();
    this.progress.hidden = !running;
    const reason = FINISH[data.finish];
    this.why.hidden = !reason;
    if (reason) say(this.why, t(reason));
    this.placeCaret();
    this.showFlags(status);
    this.tally();
  }

  /** Counts, bars and the outline's line: all that changes with every few words. */
  tally() {
    const { data, status, board } = this;
    const language = board.head.language;
    const words = this.wordsNow;
    const target = this.targetNow;
    const done = target ? Math.min(100, Math.round((100 * words) / target)) : words ? 100 : 0;
    this.showCount(status === "planned" ? "" : figure(words), count(target, language));
    say(this.state, board.writes(this.key) && board.job.phase === "paused" ? t("Paused") : t(STATES[status]));
    this.progress.style.setProperty("--done", done + "%");
    this.showTimeLeft(target - words);
    this.shape.style.setProperty("--w", Math.min(1, target / 1000));
    this.segment.className = "is-" + status;
    this.segment.style.flex = String(Math.max(1, target));
    this.segment.style.setProperty("--done", (words ? (status === "writing" || status === "stopped" ? done : 100) : 0) + "%");
    this.planSegment.style.flex = String(Math.max(1, target));
    this.outline.className = "is-" + status;
    this.outGlyph.className = "glyph " + status;
    say(this.outNumber, String(this.number));
    say(this.outLabel, label(data.main_point, board.shared) || t("Step {n}", { n: this.number }));
    say(this.outCount, status === "stale" ? t("stale") : figure(words || target));
    this.outCount.className = status === "stale" ? "c stale" : "c";
    say(this.outState, t(STATES[status]));
    this.outTrack.style.setProperty("--w", Math.round((100 * target) / board.longest) + "%");
    this.outTrack.style.setProperty("--done", (status === "planned" ? 0 : done) + "%");
  }

  /** Touched only where it differs: forty cards are counted at once. */
  showCount(words, target) {
    if (this.counted === words + "/" + target) return;
    this.counted = words + "/" + target;
    if (words) this.w.replaceChildren(el("b", {}, words), el("span", {}, " / " + target));
    else this.w.replaceChildren(target);
  }

  /** Its share of the time left for the whole piece. */
  showTimeLeft(wordsLeft) {
    const { job } = this.board;
    const all = job ? job.target - job.words : 0;
    const known = this.board.writes(this.key) && job.phase !== "paused" && job.seconds_left && all > 0 && wordsLeft > 0;
    this.togo.hidden = !known;
    if (known) say(this.togo, t("About {time} to go", { time: duration((job.seconds_left * Math.min(wordsLeft, all)) / all) }));
  }

  /** Words of the text as it stands on the page: the server counts whole cards, we count what streams or is typed. */
  get wordsNow() {
    const { data, board, key } = this;
    if (board.link.holds("text:" + key)) return countWords(this.prose.read(), board.head.language);
    return this.status === "writing" ? countWords(data.text, board.head.language) : data.words;
  }

  /** The word count as it stands in the field, if it is one. */
  get targetNow() {
    const typed = wordsTyped(this.words.value);
    return typed ?? this.data.target ?? 0;
  }

  showFlags(status) {
    const { data, board } = this;
    const signature = JSON.stringify([status, data.problem, data.stale, data.was_point, board.busy]);
    if (signature === this.flagged) return;
    this.flagged = signature;
    this.flags.replaceChildren();
    if (status === "failed") {
      this.flags.append(flag("fail", said(data.problem) || t("This paragraph was not written."), t("Everything written so far is kept."), button(t("Try again"), () => board.revise(this, "rewrite"))));
    } else if (status === "stale") {
      this.flags.append(this.staleFlag());
    }
  }

  placeCaret() {
    if (!this.board.writes(this.key)) return this.caret.remove();
    const last = this.prose.node.lastElementChild;
    if (last && this.caret.parentNode !== last) last.append(this.caret);
  }

  /** Its place in the list. */
  setNumber(number) {
    if (number === this.number) return;
    this.number = number;
    say(this.n, String(number));
    this.grip.setAttribute("aria-label", t("Move step {n}", { n: number }));
    this.point.setAttribute("aria-label", t("Main point of step {n}", { n: number }));
    this.words.setAttribute("aria-label", t("Words in step {n}", { n: number }));
    this.prose.node.setAttribute("aria-label", t("Text of paragraph {n}", { n: number }));
    this.textDots.setAttribute("aria-label", t("More for paragraph {n}", { n: number }));
    this.dots.setAttribute("aria-label", t("More for step {n}", { n: number }));
    this.dots.title = t("More for step {n}", { n: number });
    this.acts.setAttribute("aria-label", t("Paragraph {n}", { n: number }));
    this.note.field.setAttribute("aria-label", t("Note to the writer, step {n}", { n: number }));
    this.cue.field.setAttribute("aria-label", t("From step {n} on", { n: number }));
    if (this.data) this.show();
  }

  // ---- what the person does ----------------------------------------------------------------------------------

  typedPoint() {
    fit(this.point);
    this.board.link.type("point:" + this.key, { do: "edit_step", key: this.key, main_point: this.point.value }, this.shown.point, this.point.value);
  }

  typedWords() {
    const words = wordsTyped(this.words.value);
    this.words.setAttribute("aria-invalid", words === null ? "true" : "false");
    this.words.title = words === null ? t("A whole number from 1 to {n}", { n: figure(MOST_WORDS) }) : "";
    if (words === null) this.board.link.forget("words:" + this.key);
    else this.board.link.type("words:" + this.key, { do: "edit_step", key: this.key, words }, this.shown.words, words);
    this.board.tally();
  }

  typedText(text) {
    this.board.link.type("text:" + this.key, { do: "edit_text", key: this.key, text }, this.shown.text, text);
    this.tally();
  }

  stepWords(by) {
    const words = Math.min(MOST_WORDS, Math.max(STEP_BY, Math.round((this.targetNow + by) / 10) * 10));
    this.words.value = String(words);
    this.typedWords();
  }

  /** The person has left a field: send what was typed, and show what came meanwhile. */
  left(name, show) {
    this.board.link.release(name + ":" + this.key);
    if (!this.board.link.holds(name + ":" + this.key)) show();
  }

  leftWords() {
    const typed = this.words.value.trim();
    this.left("words", () => this.showWords());
    if (this.words.getAttribute("aria-invalid") === "true") {
      this.words.value = String(this.data.target ?? "");
      this.words.setAttribute("aria-invalid", "false");
      if (typed) this.board.notices.tell("info", t("“{typed}” is no number of words.", { typed }), t("A whole number from 1 to {n}", { n: figure(MOST_WORDS) }));
      this.board.tally();
    }
  }

  leftText() {
    this.left("text", () => this.showText());
    if (this.board.link.holds("text:" + this.key)) this.prose.settle();
  }
}

/** Outline label: the main point up to its first colon, or what comes after it where other points begin so too; else its
    first 40 characters. */
function label(point, shared) {
  const head = beginning(point);
  if (head && !shared.has(head)) return head;
  const text = (head && point.slice(head.length + 1).trim()) || point;
  return text.length > 40 ? text.slice(0, 40).trimEnd() + "…" : text;
}
