// What a person can do on the board; each is one edit or one command.

Object.assign(Board.prototype, {
  listen() {
    const { parts, root } = this;
    this.planView = new Plan(this);
    for (const tab of root.querySelectorAll("[data-stage]")) {
      tab.addEventListener("click", () => tab.getAttribute("aria-disabled") === "true" || this.showStage(tab.dataset.stage));
    }
    parts.title.addEventListener("input", () => {
      fit(parts.title);
      this.link.type("title", { do: "set_title", title: parts.title.value });
    });
    parts.title.addEventListener("blur", () => this.link.release("title"));
    parts.title.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      parts.title.blur();
    });
    parts.write.addEventListener("click", () => this.write());
    for (const choose of root.querySelectorAll("[data-go=models]")) choose.addEventListener("click", () => goToTab("models"));
    parts.reuse.addEventListener("click", () => this.reuseBrief());
    parts.export.addEventListener("click", () => this.exporter.open());
    parts.cards.addEventListener("focusin", (event) => this.setCurrent(event.target.closest(".card")));
    parts.cards.addEventListener("pointerdown", (event) => this.setCurrent(event.target.closest(".card")));
  },

  showAll(cardsToo = true) {
    const { parts, head } = this;
    if (!this.link.holds("title")) fill(parts.title, head.title);
    fit(parts.title);
    parts.status.hidden = this.stage === "plan" && !this.job;
    parts.demo.hidden = !this.model.demonstration;
    parts.nomodel.hidden = !this.model.missing;
    parts.view.classList.toggle("is-planning", this.job?.kind === "plan");
    for (const card of this.cards.values()) {
      if (!card.data) continue;
      if (cardsToo) card.show();
      else if (this.writes(card.key)) card.tally();
    }
    const words = figure(this.totals.words) + " of " + count(head.target_words, head.language) + " written";
    parts.ruler.setAttribute("aria-label", words);
    this.tally();
    this.status.show();
  },

  tally() {
    for (const card of this.cards.values()) if (card.data && this.stage === "plan") card.tally();
    this.planView.show();
  },

  setCurrent(node) {
    const key = node?.dataset.key ?? null;
    if (!key || key === this.current) return;
    this.cards.get(this.current)?.node.classList.remove("is-current");
    this.cards.get(this.current)?.outline.firstElementChild.removeAttribute("aria-current");
    this.current = key;
    node.classList.add("is-current");
    this.cards.get(key)?.outline.firstElementChild.setAttribute("aria-current", "true");
  },

  focusAt(index) {
    this.cards.get(this.order[index])?.node.focus();
  },

  goTo(card) {
    this.setCurrent(card.node);
    card.node.scrollIntoView({ block: "start" });
    card.node.focus({ preventScroll: true });
  },

  // ---- edits -------------------------------------------------------------------------------------------------

  async insertAfter(key, fields = {}) {
    const known = new Set(this.order);
    const size = this.order.length;
    await this.link.apply({ do: "insert_step", after: key, ...fields }, () => this.order.length > size);
    const added = this.order.find((each) => !known.has(each));
    if (added && !fields.main_point) this.cards.get(added).point.focus();
    return added ?? null;
  },

  async remove(card) {
    const { main_point, target, text } = card.data;
    const at = this.order.indexOf(card.key);
    const number = card.number;
    const answer = await this.link.apply({ do: "delete_step", key: card.key }, () => !this.order.includes(card.key));
    if (answer.refused || answer.conflict) return;
    this.focusAt(Math.min(at, this.order.length - 1));
    this.notices.offerUndo(number, async () => {
      const after = at > 0 ? this.order[at - 1] : null;
      const key = await this.insertAfter(after, { main_point, words: target });
      if (key && text) await this.link.apply({ do: "edit_text", key, text });
    });
  },

  move(card, to) {
    if (to < 0 || to >= this.order.length || this.order[to] === card.key) return;
    const order = this.order.filter((key) => key !== card.key);
    order.splice(to, 0, card.key);
    this.order = order;
    this.placeCards();
    this.tally();
    card.node.scrollIntoView({ block: "nearest" });
    this.speak("Step moved to place " + (to + 1) + " of " + order.length + ".");
    this.link.apply({ do: "move_step", key: card.key, to });
  },

  keepAll() {
    for (const key of this.order) if (this.cards.get(key).status === "stale") this.link.apply({ do: "keep", key });
  },

  // ---- commands ----------------------------------------------------------------------------------------------

  plan() {
    this.showStage("plan");
    return this.link.command("plan");
  },

  write() {
    this.showStage("draft");
    this.bringIntoView = true;
    return this.link.command("write");
  },

  rewrite(card) {
    return this.link.command("rewrite", card.key);
  },

  stop() {
    return this.link.command("stop");
  },

  /** Ctrl+Enter: the main thing of this stage. */
  go(event) {
    if (this.stage === "brief") return;
    event.preventDefault();
    if (!this.busy && this.order.length && this.tallies().unfinished) this.write();
  },

  openMenu(card) {
    const at = this.order.indexOf(card.key);
    const menu = el(
      "div",
      { class: "menu", role: "menu", "aria-label": "Step " + card.number },
      menuItem("Add a step above", "Shift+I", () => this.insertAfter(at > 0 ? this.order[at - 1] : null)),
      menuItem("Add a step below", "I", () => this.insertAfter(card.key)),
      menuItem("Move up", "Alt+Up", () => this.move(card, at - 1), { disabled: at === 0 }),
      menuItem("Move down", "Alt+Down", () => this.move(card, at + 1), { disabled: at === this.order.length - 1 }),
      el("hr"),
      menuItem("Delete", "Del", () => this.remove(card), { class: "danger" }),
    );
    card.node.append(menu);
    openMenu(card.dots, menu, true);
  },

  reuseBrief() {
    fillBrief(this.head);
    this.open(null);
  },
});
