// Following the text while it is written: the line being written stays in view until the person scrolls away.

class Follow {
  constructor(board) {
    this.board = board;
    this.on = false;
    const leave = () => this.on && this.set(false);
    window.addEventListener("wheel", leave, { passive: true });
    window.addEventListener("touchmove", leave, { passive: true });
    window.addEventListener("keydown", (event) => ["PageUp", "PageDown", "Home", "End"].includes(event.key) && leave());
    window.addEventListener("pointerdown", (event) => event.clientX > document.documentElement.clientWidth && leave());
  }

  set(on) {
    this.on = on;
    this.board.status.showActions();
    if (on) this.step();
    else this.board.speak(t("No longer following the text."));
  }

  /** Called when text has come. */
  step() {
    const { board } = this;
    if (!this.on || board.stage !== "draft" || board.job?.kind !== "write" || !board.job.key) return;
    const card = board.cards.get(board.job.key);
    if (!card) return;
    const line = card.caret.isConnected ? card.caret : card.node;
    const { top, bottom } = line.getBoundingClientRect();
    const low = window.innerHeight - 96;
    if (bottom > low) window.scrollBy(0, bottom - low);
    else if (top < 64) window.scrollBy(0, top - 64);
  }
}
