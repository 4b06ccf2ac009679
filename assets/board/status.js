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
    if (board.model.doubtful && !board.model.demonstration) facts.push([t("The model failed its self-test; see Models"), ""]);
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
    const lead = this.leadOf(job);
    const model = [board.model.name, "opt wide"];
    const wait = job.wait ? [t("It starts in about {time}.", { time: "*" + duration(job.wait) + "*" }), ""] : null;
    if (job.phase === "queued") return ["planned", t("Waiting"), [[job.place === 1 ? t("Next in line. Another piece is being written first.") : t("{n} pieces are written first.", { n: figure(job.place) }), ""], wait]];
    if (job.phase === "paused") return ["stopped", t("Paused"), [this.written(), [t("Paragraph {n} of {m}", { n: job.paragraph, m: job.of }), "wide"], model]];
    if (job.phase === "loading") return ["planned", t("Loading the model"), [[board.model.name, ""]]];
    if (job.phase === "testing") return ["planned", t("Testing the model"), [[board.model.name, ""]]];
    if (job.phase === "reading") {
      const left = job.read_left !== null && job.read_left > 0 ? [t("About {time} left", { time: "*" + duration(job.read_left) + "*" }), "wide"] : null;
      return ["writing", t("Reading"), [[t("{n} of {m} tokens", { n: "*" + figure(job.read_done) + "*", m: figure(job.read_total) }), ""], left, [lead, "wide"], model]];
    }
    const speed = job.tokens_per_second ? ["*" + job.tokens_per_second.toFixed(1) + "* " + t("tokens/s"), "opt wide"] : null;
    if (job.kind === "plan") return ["writing", lead, [board.order.length ? ["*" + steps(board.order.length).replace(" ", "* "), ""] : null, model, speed]];
    if (job.kind !== "write") return ["writing", lead, [model]];
    const score = this.score("opt wide");
    return ["writing", lead, [this.written(), score, model, speed, job.seconds_left ? [t("About {time} left", { time: "*" + duration(job.seconds_left) + "*" }), ""] : null]];
  }

  leadOf(job) {
    if (job.kind === "plan") return t("Making the plan");
    if (job.kind === "choose") return t("Alternative {n} of {m}", { n: Math.min(job.paragraph, job.of), m: job.of });
    if (job.kind === "point") return t("Looking for another main point");
    return t("Writing {n} of {m}", { n: job.paragraph, m: job.of });
  }

  resting() {
    const { board } = this;
    const { written, unfinished, stale } = board.tallies();
    const words = this.written();
    const score = this.score("wide");
    const late = stale ? [t("{n} stale", { n: "*" + stale + "*" }), ""] : null;
    if (!board.order.length) return ["planned", t("No plan yet"), []];
    if (!written && !board.totals.words) return ["planned", t("Not begun"), [[count(board.head.target_words, board.head.language), ""], [board.model.name, "opt wide"]]];
    if (unfinished) return ["stopped", t("Stopped"), [words, score, [t("{n} of {m} to be written", { n: unfinished, m: board.order.length }), "wide"], late]];
    return ["written", t("Finished"), [words, score, late]];
  }

  written() {
    const { totals, head } = this.board;
    return [t("{n} of {m}", { n: "*" + figure(totals.words) + "*", m: count(head.target_words, head.language) }), ""];
  }

  /** Live: while paragraphs are missing, of the finished ones against their steps. */
  score(kind) {
    const { totals } = this.board;
    if (totals.length_score === null) return null;
    const values = { n: "*" + totals.length_score + "*" };
    return [totals.complete ? t("Length score {n}", values) : t("Length score {n} so far", values), kind];
  }

  showActions() {
    const { board } = this;
    const { written, unfinished, stale } = board.tallies();
    const names = board.job ? this.jobActions(board.job) : [];
    if (!board.job && board.stage === "draft" && board.order.length) {
      if (stale > 1) names.push("keepAll");
      if (unfinished) names.push(written || board.totals.words ? "continue" : "write");
    }
    const signature = names.join() + board.job?.kind + board.job?.phase + board.follow.on;
    if (signature === this.acts) return;
    this.acts = signature;
    board.parts.acts.replaceChildren(...names.map((name) => this.action(name)));
  }

  jobActions({ kind, phase }) {
    if (kind !== "write" || phase === "queued") return ["stop"];
    return phase === "paused" ? ["stop", "continue"] : ["follow", "pause", "stop"];
  }

  action(name) {
    const { board } = this;
    if (name === "follow") {
      const follow = button(board.follow.on ? t("Following") : t("Follow"), () => board.follow.set(!board.follow.on), { kind: "quiet follow", iconName: "down", title: t("Keeps the line being written in view. Scrolling away turns it off.") });
      follow.setAttribute("aria-pressed", String(board.follow.on));
      return follow;
    }
    if (name === "stop") {
      const { kind, phase } = board.job;
      if (phase === "queued") return button(t("Leave the line"), () => board.stop(), { kind: "quiet" });
      const title = kind === "write" ? t("Ends the writing here. The text is kept, and can be edited and continued later.") : "Ctrl+.";
      return button(t("Stop"), () => board.stop(), { kind: phase === "paused" ? "quiet" : "", iconName: "stop", title });
    }
    if (name === "pause") return button(t("Pause"), () => board.pause(), { iconName: "pause", title: t("Rests between two words; Continue goes on at once.") + " Ctrl+." });
    if (name === "keepAll") return button(t("Keep all as they are"), () => board.keepAll(), { kind: "quiet wide" });
    if (name === "continue") return button(t("Continue"), () => board.goOn(), { kind: "primary small", title: "Ctrl+Enter" });
    return button(t("Write"), () => board.write(), { kind: "primary small", title: "Ctrl+Enter" });
  }
}

/** A fact with its figures between asterisks. */
function fact(text, kind) {
  const node = el("span", kind ? { class: kind } : {});
  text.split("*").forEach((piece, i) => piece && node.append(i % 2 ? el("b", {}, piece) : piece));
  return node;
}
