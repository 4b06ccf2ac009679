// Alternatives: three texts side by side, one of which may become the paragraph's.

const LETTERS = "ABCDEFGH";

Object.assign(Card.prototype, {
  showChoices() {
    const { offered } = this.data;
    const job = this.board.job;
    const coming = job?.kind === "choose" && job.key === this.key;
    const signature = JSON.stringify([offered, coming && [job.phase, job.paragraph, job.read_done]]);
    if (signature === this.choiceSignature) return;
    this.choiceSignature = signature;
    const box = this.choices?.getBoundingClientRect();
    // whoever reads elsewhere stays there; whoever asked sees them, also where all of them come at once
    const seen = this.choicesAsked || (box ? box.bottom > 0 && box.bottom <= window.innerHeight + 1 : coming);
    this.choicesAsked = false;
    this.choices?.remove();
    this.choices = null;
    if (!offered.length && !coming) return;
    const columns = offered.map((version, i) => this.choice(version, i));
    const note = coming
      ? job.phase === "reading"
        ? t("Reading {n} of {m} tokens", { n: figure(job.read_done), m: figure(job.read_total) })
        : t("Writing alternative {n} of {m}", { n: Math.min(job.paragraph, job.of), m: job.of })
      : t("Using another text marks what comes after it as stale. Nothing is rewritten by itself.");
    const row = coming ? null : el("div", { class: "row" }, button(t("Three more"), () => this.askFor("alternatives"), { kind: "quiet" }), button(t("Close"), () => this.dismiss(), { kind: "quiet" }));
    const progress = coming ? el("div", { class: "prog", style: "--done:" + Math.round((100 * offered.length) / job.of) + "%" }) : null;
    this.choices = el("div", { class: "choices", role: "group", "aria-label": t("Alternatives") }, columns.length ? el("div", { class: "alts" }, ...columns) : null, el("div", { class: "under" }, progress, el("span", {}, note), row));
    this.node.querySelector(".between").before(this.choices);
    if (seen) this.choices.scrollIntoView({ block: "nearest" }); // they begin below a long paragraph, and grow downwards
  },

  choice(version, i) {
    const letter = LETTERS[i];
    const text = el("div", { class: "text", lang: this.board.head.language });
    for (const line of version.text.split(/\n+/)) text.append(el("p", {}, line));
    const all = button(t("Read all"), () => {
      text.classList.add("is-whole");
      all.remove();
    }, { kind: "quiet" });
    const use = button(t("Use {letter}", { letter }), () => this.choose(i + 1), { title: String(i + 1) });
    return el("article", { class: "alt", "aria-label": t("Alternative {letter}", { letter }) }, el("header", {}, el("b", {}, letter), el("span", { class: "num" }, count(version.words, this.board.head.language))), text, el("div", { class: "row" }, use, all));
  },

  choose(number) {
    if (number > this.data.offered.length) return;
    this.board.link.apply({ do: "choose", key: this.key, number });
    this.node.focus({ preventScroll: true });
  },

  dismiss() {
    this.board.link.apply({ do: "dismiss", key: this.key });
    this.node.focus({ preventScroll: true });
  },
});
