// Messages above the sheet: what happened and what to do. Never a dialog, never part of the draft.

class Notices {
  constructor(board) {
    this.board = board;
    this.area = board.parts.notices;
    this.jobError = null;
  }

  clear() {
    this.area.replaceChildren();
    this.jobError = null;
    this.jobSignature = "";
  }

  hear(answer, request) {
    if (answer.error !== undefined) this.showJobError(answer.error);
    if (answer.refused) this.tell("fail", said(answer.refused.message), said(answer.refused.hint));
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
    const close = button(t("Close"), () => this.drop(), { kind: "quiet" });
    this.note = flag(kind, message, hint, ...answers, close);
    this.note.setAttribute("role", kind === "fail" ? "alert" : "status");
    this.area.append(this.note);
    this.note.scrollIntoView({ block: "nearest" });
  }

  drop() {
    this.note?.remove();
    this.note = null;
  }

  /** Another tab was first: nothing is thrown away before the person has chosen. */
  askWhose(conflict, request) {
    const mine = request?.body.op;
    if (!mine) return this.tell("info", conflict.message, conflict.hint);
    const keep = button("Use mine", () => {
      this.drop();
      this.board.link.apply({ ...mine, was: undefined });
    });
    const text = mine.text ?? mine.main_point;
    this.tell("info", conflict.message, conflict.hint, keep);
    if (text) this.note.insertBefore(el("p", { class: "was mine" }, "Yours: " + text), this.note.lastElementChild);
    say(this.note.lastElementChild.lastElementChild, "Use the other");
  }

  /** A step is gone; it can come back. */
  offerUndo(number) {
    this.note?.remove();
    this.note = el("div", { class: "strip", role: "status" }, el("span", {}, t("Step {n} deleted.", { n: number })), el("div", { class: "row" }, button(t("Undo"), () => { this.drop(); this.board.undo(); }), button(t("Close"), () => this.drop(), { kind: "quiet" })));
    this.area.append(this.note);
  }
}
