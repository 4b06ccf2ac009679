// Writing a paragraph again: the wish beside it, longer, shorter, and the three answers to a stale mark, each with
// its price before it is paid.

Object.assign(Card.prototype, {
  buildActs() {
    const act = (label, key, action) => el("button", { type: "button", class: "btn quiet", title: label + " (" + key + ")", on: { click: action } }, label);
    this.rewrite = act(t("Rewrite"), "R", () => this.openWish());
    this.more = [act(t("Alternatives"), "A", () => this.board.alternatives(this)), act(t("Longer"), "+", () => this.board.revise(this, "longer")), act(t("Shorter"), "−", () => this.board.revise(this, "shorter"))];
    this.textDots = iconButton("dots", t("More"), () => this.board.openMenu(this, this.textDots), { "aria-haspopup": "menu", "aria-expanded": "false" });
    this.acts = el("div", { class: "acts-v", role: "group" }, this.rewrite, ...this.more, this.textDots);
    return this.acts;
  },

  showActs(status) {
    const { data, board } = this;
    this.rewrite.hidden = !data.text && status !== "failed";
    for (const button of [this.rewrite, ...this.more]) button.disabled = board.busy;
    for (const button of this.more) button.hidden = !data.text;
  },

  openWish() {
    if (this.wishing || this.board.busy) return this.wishing?.input.focus();
    const input = el("input", { type: "text", maxlength: "2000", placeholder: t("shorter, more vivid…"), "aria-label": t("Wish") });
    const fit = el("input", { type: "checkbox" });
    const price = el("span", { class: "price num" });
    const last = this.board.order[this.board.order.length - 1] === this.key;
    const send = () => {
      this.closeWish();
      this.board.revise(this, "rewrite", { wish: input.value, fit: fit.checked });
    };
    const show = () => this.showPrice(price, "rewrite", { wish: input.value, fit: fit.checked });
    const node = el(
      "form",
      { class: "strip wish", on: { submit: (event) => { event.preventDefault(); send(); } } },
      el("span", { "aria-hidden": "true" }, t("Wish")),
      input,
      last ? null : el("label", {}, fit, " ", t("Fit the next paragraph")),
      price,
      el("div", { class: "row" }, el("button", { type: "submit", class: "btn" }, t("Rewrite")), button(t("Cancel"), () => this.closeWish(), { kind: "quiet" })),
    );
    node.addEventListener("change", show);
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.closeWish();
    });
    this.wishing = { node, input };
    this.prose.node.before(node);
    show();
    input.focus();
  },

  closeWish() {
    this.wishing?.node.remove();
    this.wishing = null;
    this.node.focus({ preventScroll: true });
  },

  /** What it would cost, in the words of the studio's own measure. */
  async showPrice(place, how, fields = {}) {
    const answer = await this.board.link.ask("price", { draft: this.board.draft, key: this.key, how, ...fields });
    if (!answer || answer.refused) return;
    const parts = [t("Re-reads {n} tokens", { n: "*" + figure(answer.tokens) + "*" })];
    if (answer.reading !== null) parts.push(t("about {time}", { time: "*" + duration(answer.reading) + "*" }));
    if (answer.writing !== null && how !== "mend") parts.push(t("then writes for about {time}", { time: duration(answer.writing) }));
    if (how === "mend") parts.push(t("then mends two sentences"));
    place.replaceChildren(...marked(parts.join(", ") + "."));
  },

  staleFlag() {
    const { data, board } = this;
    const answers = el("div", { class: "answers" });
    const add = (label, action, how) => {
      const note = el("p", { class: "num" }, how ? "" : t("Costs nothing. The mark goes away."));
      const choice = button(label, action);
      choice.disabled = Boolean(how) && board.busy;
      answers.append(choice, note);
      if (how && !board.busy) whenSeen(note, () => this.showPrice(note, how)); // forty may be stale at once
      else if (how) say(note, t("When the writing has ended."));
    };
    add(t("Rewrite"), () => board.revise(this, "rewrite"), "rewrite");
    if (data.stale.includes("before")) add(t("Mend the seam"), () => board.revise(this, "mend"), "mend");
    add(t("Keep as it is"), () => board.link.apply({ do: "keep", key: this.key }), null);
    const was = data.was_point && data.was_point !== data.main_point ? t("It was written for: “{point}”", { point: data.was_point }) : null;
    const node = flag("stale", staleReason(data.stale), was);
    node.append(answers);
    return node;
  },
});

Object.assign(Board.prototype, {
  revise(card, how, fields = {}) {
    if (this.busy) return null;
    return this.link.command("revise", { key: card.key, how, ...fields });
  },
});
