// Messages above the sheet: what happened and what to do. Never a dialog, never part of the draft.

class Notices {
  constructor(board) {
    this.board = board;
    this.area = board.parts.notices;
    this.jobError = null;
    this.deletion = null; // the entry of the journal that the notice offers to undo
  }

  clear() {
    this.area.replaceChildren();
    this.jobError = null;
    this.jobSignature = "";
  }

  hear(answer, request) {
    if (answer.error !== undefined) this.showJobError(answer.error);
    if (answer.refused) this.tell("fail", said(answer.refused.message), said(answer.refused.hint));
    if (answer.unused) this.tell("info", t("These lines of the outline belong to no step:"), answer.unused.map((line) => line.slice(0, 80)).join(" / "));
    if (answer.conflict) this.askWhose(answer.conflict, request);
  }

  /** The error of the last job stays until the next one begins. */
  showJobError(error) {
    const signature = JSON.stringify(error);
    if (signature === this.jobSignature) return;
    this.jobSignature = signature;
    this.jobError?.remove();
    this.jobError = null;
    if (!error) return;
    const { board } = this;
    const again = button(t("Try again"), () => (board.order.length ? board.write() : board.plan()));
    const models = button(t("Choose another model"), () => goToTab("models"), { kind: "quiet" });
    this.jobError = failure(error, again, models);
    this.jobError.setAttribute("role", "alert");
    this.area.prepend(this.jobError);
  }

  /** A message that the person closes, or that the next one replaces. */
  tell(kind, message, hint, ...answers) {
    this.note?.remove();
    this.deletion = null;
    const close = button(t("Close"), () => this.drop(), { kind: "quiet" });
    this.note = flag(kind, message, hint, ...answers, close);
    this.note.setAttribute("role", kind === "fail" ? "alert" : "status");
    this.area.append(this.note);
    this.note.scrollIntoView({ block: "nearest" });
  }

  drop() {
    this.note?.remove();
    this.note = this.deletion = null;
  }

  /** What undo means now. */
  showUndoable(entry) {
    if (this.deletion && entry !== this.deletion) this.drop();
  }

  /** Another tab was first: nothing is thrown away before the person has compared both and chosen. */
  async askWhose(conflict, request) {
    const { board } = this;
    const mine = request?.body.op;
    if (!mine) return this.tell("info", said(conflict.message), said(conflict.hint));
    const keep = button(t("Use mine"), () => {
      this.drop();
      board.link.apply({ ...mine, was: undefined });
    });
    this.tell("info", said(conflict.message), said(conflict.hint), keep);
    const { note } = this;
    say(note.lastElementChild.lastElementChild, t("Use the other"));
    const name = ["text", "main_point", "words", "note", "cue", "title"].find((each) => mine[each] !== undefined);
    if (!name) return null;
    const answer = await board.link.ask("versus", { draft: board.draft, key: mine.key, name, mine: String(mine[name]) });
    if (!answer || answer.refused || note !== this.note) return null;
    const lang = board.head.language;
    const side = (title, kind) => el("div", {}, el("h3", {}, title), el("div", { class: "compared", lang }, diffLines(answer.pieces.filter(([each]) => each === "same" || each === kind))));
    note.insertBefore(el("div", { class: "versus" }, side(t("Yours"), "ins"), side(t("Stored"), "del")), note.lastElementChild);
    return null;
  }

  /** What has to be known about a store that was damaged, until the person has read it. */
  async showStoreNotice() {
    const { link, parts } = this.board;
    const answer = await link.ask("notice", {});
    if (!answer?.text) return;
    const read = button(t("I have read this"), async () => {
      const answer = await link.ask("notice", { read: true });
      if (answer) parts.storeNotice.replaceChildren();
    });
    const note = flag("stale", t("Your drafts"), said(answer.text), read);
    note.setAttribute("role", "status");
    parts.storeNotice.replaceChildren(note);
  }

  /** A step is gone; it can come back, until something else is done that undo would mean. */
  offerUndo(number) {
    this.note?.remove();
    this.deletion = this.board.undoable?.entry ?? null;
    this.note = el("div", { class: "strip", role: "status" }, el("span", {}, t("Step {n} deleted.", { n: number })), el("div", { class: "row" }, button(t("Undo"), () => { this.drop(); this.board.undo(); }), button(t("Close"), () => this.drop(), { kind: "quiet" })));
    this.area.append(this.note);
  }
}
