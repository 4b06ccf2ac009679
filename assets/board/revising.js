// Writing a paragraph again: with a wish, longer, shorter, several to choose from, or all from it on, and the three
// answers to a stale mark. Each tells its price before it is paid.

const PRICE_PAUSE = 400; // after the last letter of a wish

Object.assign(Card.prototype, {
  buildActs() {
    const act = (label, key, action) => el("button", { type: "button", class: "btn quiet", title: label + " (" + key + ")", on: { click: action } }, label);
    this.rewrite = act(t("Rewrite"), "R", () => this.askFor("rewrite"));
    this.more = [act(t("Alternatives"), "A", () => this.askFor("alternatives")), act(t("Longer"), "+", () => this.askFor("longer")), act(t("Shorter"), "−", () => this.askFor("shorter"))];
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

  /** A strip above the text: what is to be written, what that costs, and the button that begins it. */
  askFor(how) {
    const { board } = this;
    if (board.busy) return null;
    if (this.asked?.how === how) return this.asked.first.focus();
    this.asked?.node.remove();
    const [name, told] = { rewrite: [t("Rewrite")], longer: [t("Longer")], shorter: [t("Shorter")], alternatives: [t("Alternatives"), t("Three more texts, to choose from.")], onward: [t("Write"), t("This paragraph and all after it are written anew.")] }[how];
    const input = told ? null : el("input", { type: "text", maxlength: "2000", placeholder: t("shorter, more vivid…"), "aria-label": t("Wish") });
    const fit = el("input", { type: "checkbox" });
    const last = board.order[board.order.length - 1] === this.key;
    const price = el("span", { class: "price num" });
    const fields = () => (input ? { wish: input.value, fit: fit.checked } : {});
    const begin = el("button", { type: "submit", class: "btn" }, name);
    const send = (event) => {
      event.preventDefault();
      const wanted = fields();
      this.closeAsked();
      board.writeAgain(this, how, wanted);
    };
    const node = el(
      "form",
      { class: "strip wish", "aria-label": name, on: { submit: send } },
      el("span", input ? { "aria-hidden": "true" } : {}, told ?? t("Wish")),
      input,
      input && !last ? el("label", {}, fit, " ", t("Fit the next paragraph")) : null,
      price,
      el("div", { class: "row" }, begin, button(t("Cancel"), () => this.closeAsked(), { kind: "quiet" })),
    );
    let waiting;
    node.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.showPrice(price, how, fields()), PRICE_PAUSE);
    });
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.closeAsked();
    });
    this.asked = { how, node, first: input ?? begin };
    this.prose.node.before(node);
    this.showPrice(price, how);
    this.asked.first.focus();
    node.scrollIntoView({ block: "nearest" });
    return null;
  },

  closeAsked() {
    this.asked?.node.remove();
    this.asked = null;
    this.node.focus({ preventScroll: true });
  },

  /** What it would cost, in the words of the studio's own measure. */
  async showPrice(place, how, fields = {}) {
    const turn = (place.turn = (place.turn ?? 0) + 1);
    const answer = await this.board.link.ask("price", { draft: this.board.draft, key: this.key, how, ...fields });
    if (!answer || answer.refused || turn !== place.turn) return; // a later wish has another price
    const parts = [t(answer.tokens === 1 ? "Re-reads {n} token" : "Re-reads {n} tokens", { n: "*" + figure(answer.tokens) + "*" })];
    if (answer.reading !== null) parts.push(t("about {time}", { time: "*" + duration(answer.reading) + "*" }));
    if (how === "mend") parts.push(t("then mends two sentences"));
    else if (answer.writing !== null) parts.push(t(how === "alternatives" ? "then writes for at most {time}" : "then writes for about {time}", { time: duration(answer.writing) }));
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

  /** What was asked for in a card's strip. */
  writeAgain(card, how, fields) {
    if (how === "onward") return this.writeFrom(card);
    if (how !== "alternatives") return this.revise(card, how, fields);
    if (this.busy) return null;
    card.choicesAsked = true;
    return this.link.command("alternatives", { key: card.key });
  },
});
