// The texts a paragraph has had: one step back or forward, and what changed, word by word.

Object.assign(Card.prototype, {
  buildVersions() {
    this.earlier = iconButton("left", t("Earlier version"), () => this.returnTo(this.data.version - 1));
    this.later = iconButton("right", t("Later version"), () => this.returnTo(this.data.version + 1));
    this.versionName = el("span", { class: "num" });
    this.changes = button(t("Changes"), () => this.toggleChanges(), { kind: "quiet changes" });
    this.ver = el("div", { class: "ver", hidden: true }, this.earlier, this.versionName, this.later, this.changes);
    return this.ver;
  },

  showVersions(status) {
    const { version, versions } = this.data;
    this.ver.hidden = versions < 2 || status === "planned";
    if (this.ver.hidden) return this.hideChanges();
    say(this.versionName, t("Version {n} of {m}", { n: version, m: versions }));
    this.earlier.disabled = version <= 1 || status === "writing";
    this.later.disabled = version >= versions || status === "writing";
    this.changes.setAttribute("aria-pressed", String(Boolean(this.comparing)));
    if (this.comparing && this.comparing.text !== this.data.text) this.hideChanges();
  },

  returnTo(number) {
    if (number < 1 || number > this.data.versions) return null;
    this.hideChanges();
    return this.board.link.command("return_to", { key: this.key, number });
  },

  toggleChanges() {
    return this.comparing ? this.hideChanges() : this.showChanges();
  },

  /** Against the version before this one, or after it where there is none before. */
  async showChanges() {
    if (this.data.versions < 2) return;
    this.board.link.release("text:" + this.key);
    const number = this.data.version > 1 ? this.data.version - 1 : this.data.version + 1;
    const text = this.data.text;
    const answer = await this.board.link.ask("compare", { draft: this.board.draft, key: this.key, number });
    if (!answer || answer.refused) return;
    this.hideChanges();
    const bar = el(
      "div",
      { class: "verbar" },
      el("span", {}, t(answer.author === "user" ? "Compared with version {n}, edited by you" : "Compared with version {n}, written by the model", { n: number })),
      button(t("Return to version {n}", { n: number }), () => this.returnTo(number), { kind: "quiet" }),
      button(t("Hide changes"), () => this.hideChanges(), { kind: "quiet" }),
    );
    const body = el("div", { class: "text compared", lang: this.board.head.language }, diffLines(answer.pieces));
    this.comparing = { bar, body, text };
    this.prose.node.hidden = true;
    this.prose.node.before(bar, body);
    this.changes.setAttribute("aria-pressed", "true");
  },

  hideChanges() {
    if (!this.comparing) return;
    this.comparing.bar.remove();
    this.comparing.body.remove();
    this.comparing = null;
    this.prose.node.hidden = false;
    this.changes.setAttribute("aria-pressed", "false");
  },
});

/** Pieces of a comparison as text; nothing of it is ever read as markup. */
function diffLines(pieces) {
  const line = el("p", {});
  for (const [kind, text] of pieces) line.append(kind === "same" ? text : el(kind, {}, text));
  return line;
}
