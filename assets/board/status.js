// The status row: what is happening now, in figures, and the one or two things to do about it.

class Status {
  constructor(board) {
    this.board = board;
    this.row = board.parts.facts;
    this.signature = "";
  }

  show() {
    const { board } = this;
    const [glyph, now, facts] = board.job ? this.running(board.job) : this.resting();
    const signature = JSON.stringify([glyph, now, facts.map(String)]);
    if (signature !== this.signature) {
      this.signature = signature;
      const lead = el("span", { class: "now" }, glyph ? el("i", { class: "glyph " + glyph }) : null, now);
      this.row.replaceChildren(lead, ...facts.filter(Boolean).map(([text, kind]) => fact(text, kind)));
    }
    this.showActions();
  }

  running(job) {
    const { board } = this;
    const lead = job.kind === "plan" ? "Making the plan" : "Writing " + job.paragraph + " of " + job.of;
    const model = [board.model.name, "opt wide"];
    if (job.phase === "queued") return ["planned", "Waiting", [[job.place === 1 ? "Next in line. Another piece is being written first." : figure(job.place) + " pieces are written first.", ""]]];
    if (job.phase === "loading") return ["planned", "Loading the model", [[board.model.name, ""]]];
    if (job.phase === "reading") {
      return ["writing", "Reading", [["*" + figure(job.read_done) + "* of " + figure(job.read_total) + " tokens", ""], [lead, "wide"], model]];
    }
    const speed = job.tokens_per_second ? ["*" + job.tokens_per_second.toFixed(1) + "* tokens/s", "opt wide"] : null;
    if (job.kind === "plan") return ["writing", lead, [board.order.length ? ["*" + board.order.length + (board.order.length === 1 ? "* step" : "* steps"), ""] : null, model, speed]];
    return ["writing", lead, [this.written(), model, speed, job.seconds_left ? ["About *" + duration(job.seconds_left) + "* left", ""] : null]];
  }

  resting() {
    const { board } = this;
    const { written, unfinished, stale } = board.tallies();
    const words = this.written();
    const score = board.totals.words ? ["Length score *" + board.totals.length_score + "*", "wide"] : null;
    const late = stale ? ["*" + stale + "* stale", ""] : null;
    if (!board.order.length) return ["planned", "No plan yet", []];
    if (!written && !board.totals.words) return ["planned", "Not begun", [[count(board.head.target_words, board.head.language), ""], [board.model.name, "opt wide"]]];
    if (unfinished) return ["stopped", "Stopped", [words, [unfinished + " of " + board.order.length + " to be written", "wide"], late]];
    return ["written", "Finished", [words, score, late]];
  }

  written() {
    const { totals, head } = this.board;
    return ["*" + figure(totals.words) + "* of " + count(head.target_words, head.language), ""];
  }

  showActions() {
    const { board } = this;
    const { written, unfinished, stale } = board.tallies();
    const names = board.job ? ["stop"] : [];
    if (!board.job && board.stage === "draft" && board.order.length) {
      if (stale > 1) names.push("keepAll");
      if (unfinished) names.push(written || board.totals.words ? "continue" : "write");
    }
    const signature = names.join();
    if (signature === this.acts) return;
    this.acts = signature;
    board.parts.acts.replaceChildren(...names.map((name) => this.action(name)));
  }

  action(name) {
    const { board } = this;
    if (name === "stop") return button("Stop", () => board.stop(), { iconName: "stop", title: "Ctrl+." });
    if (name === "keepAll") return button("Keep all as they are", () => board.keepAll(), { kind: "quiet wide" });
    if (name === "continue") return button("Continue", () => board.write(), { kind: "primary small", title: "Ctrl+Enter" });
    return button("Write", () => board.write(), { kind: "primary small", title: "Ctrl+Enter" });
  }
}

/** A fact with its figures between asterisks. */
function fact(text, kind) {
  const node = el("span", kind ? { class: kind } : {});
  text.split("*").forEach((piece, i) => piece && node.append(i % 2 ? el("b", {}, piece) : piece));
  return node;
}
