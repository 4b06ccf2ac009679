// What a person can do on the board; each is one edit or one command.

Object.assign(Board.prototype, {
  listen() {
    const { parts, root } = this;
    this.planView = new Plan(this);
    this.find = new Find(this);
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
    parts.undo.addEventListener("click", () => this.undo());
    parts.find.addEventListener("click", () => this.find.open());
    parts.newPlan.addEventListener("click", () => this.newPlan());
    parts.importOutline.addEventListener("click", () => this.importOutline());
    parts.exportOutline.addEventListener("click", () => this.exportOutline());
    parts.rebalance.addEventListener("click", () => this.rebalance());
    parts.blankImport.addEventListener("click", () => this.importOutline());
    parts.outlineOpen.addEventListener("click", () => {
      const open = parts.view.classList.toggle("show-outline");
      parts.outlineOpen.setAttribute("aria-expanded", String(open));
    });
    parts.redo.addEventListener("click", () => this.redo());
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
    const words = t("{n} of {m} written", { n: figure(this.totals.words), m: count(head.target_words, head.language) });
    parts.ruler.setAttribute("aria-label", words);
    this.tally();
    this.showWalks();
    this.showProposal();
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
    this.parts.view.classList.remove("show-outline");
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
    const at = this.order.indexOf(card.key);
    const number = card.number;
    const answer = await this.link.apply({ do: "delete_step", key: card.key }, () => !this.order.includes(card.key));
    if (answer.refused || answer.conflict) return;
    this.focusAt(Math.min(at, this.order.length - 1));
    this.notices.offerUndo(number);
  },

  move(card, to) {
    if (to < 0 || to >= this.order.length || this.order[to] === card.key) return;
    const order = this.order.filter((key) => key !== card.key);
    order.splice(to, 0, card.key);
    this.order = order;
    this.placeCards();
    this.tally();
    this.speak(t("Step moved to place {n} of {m}.", { n: to + 1, m: order.length }));
    card.node.scrollIntoView({ block: "nearest" }); // last: it wants the layout of all the rest
    this.link.apply({ do: "move_step", key: card.key, to });
  },

  keepAll() {
    for (const key of this.order) if (this.cards.get(key).status === "stale") this.link.apply({ do: "keep", key });
  },

  undo() {
    return this.walk("undo");
  },

  redo() {
    return this.walk("redo");
  },

  /** Pressed faster than the studio answers, each press means the change after the one before it. */
  walk(way) {
    this.walks = this.walks.then(() => this.walkOnce(way));
    return this.walks;
  },

  /** Undo and redo name what they mean, so that an answer lost on the way does not make them count twice. */
  async walkOnce(way) {
    this.link.flush();
    await this.link.settled();
    const meant = this[way + "able"];
    if (!meant) return;
    if (this.parts.cards.contains(document.activeElement)) document.activeElement.closest(".card")?.focus();
    const answer = await this.link.command(way, { entry: meant.entry });
    if (answer.ok) this.speak(t(way === "undo" ? "Undone: {what}." : "Done again: {what}.", { what: t(CHANGES[meant.label] ?? meant.label) }));
  },

  showWalks() {
    this.notices.showUndoable(this.undoable?.entry);
    for (const [part, key, meant] of [["undo", "Ctrl+Z", this.undoable], ["redo", "Ctrl+Shift+Z", this.redoable]]) {
      const button = this.parts[part];
      button.disabled = !meant || this.job?.kind === "plan";
      const name = t(part === "undo" ? "Undo" : "Redo");
      button.title = name + (meant ? ": " + t(CHANGES[meant.label] ?? meant.label) : "") + " (" + key + ")";
    }
  },

  // ---- commands ----------------------------------------------------------------------------------------------

  plan() {
    this.showStage("plan");
    return this.link.command("plan");
  },

  write() {
    this.showStage("draft");
    this.bringIntoView = true;
    this.follow.on = true;
    return this.link.command("write");
  },

  writeFrom(card) {
    if (this.busy) return null;
    this.bringIntoView = this.follow.on = true;
    this.showStage("draft");
    return this.link.command("write", { start: card.key });
  },

  split(card) {
    const size = this.order.length;
    return this.link.apply({ do: "split_step", key: card.key }, () => this.order.length > size);
  },

  merge(card) {
    const size = this.order.length;
    return this.link.apply({ do: "merge_step", key: card.key }, () => this.order.length < size);
  },

  fold(card) {
    card.folded = !card.folded;
    card.node.classList.toggle("is-folded", card.folded);
  },

  stop() {
    return this.link.command("stop");
  },

  pause() {
    return this.link.command("pause");
  },

  /** After a pause where it rests, after a stop with a new job. */
  goOn() {
    return this.job?.phase === "paused" ? this.link.command("resume") : this.write();
  },

  /** Ctrl+.: the writing rests or goes on, anything else stops. */
  toggleRest() {
    const { kind, phase } = this.job;
    if (kind !== "write" || phase === "queued") return this.stop();
    return phase === "paused" ? this.goOn() : this.pause();
  },

  /** Ctrl+Enter: the main thing of this stage. */
  go(event) {
    if (this.stage === "brief") return;
    event.preventDefault();
    if (this.job?.phase === "paused") this.goOn();
    else if (!this.busy && this.order.length && this.tallies().unfinished) this.write();
  },

  async exportOutline() {
    await this.link.settled();
    const answer = await this.link.ask("outline", { draft: this.draft });
    if (!answer) return this.notices.tell("fail", t("The studio does not answer."), t("Try again when it is back."));
    if (answer.refused) return this.notices.tell("fail", said(answer.refused.message), said(answer.refused.hint));
    const link = el("a", { href: answer.href, download: answer.name });
    document.body.append(link);
    link.click();
    return link.remove();
  },

  openMenu(card, opener = card.dots) {
    const at = this.order.indexOf(card.key);
    const menu = el(
      "div",
      { class: "menu", role: "menu", "aria-label": t("Step {n}", { n: card.number }) },
      menuItem(t("Add a step above"), "Shift+I", () => this.insertAfter(at > 0 ? this.order[at - 1] : null)),
      menuItem(t("Add a step below"), "I", () => this.insertAfter(card.key)),
      menuItem(t("Move up"), "Alt+Up", () => this.move(card, at - 1), { disabled: at === 0 }),
      menuItem(t("Move down"), "Alt+Down", () => this.move(card, at + 1), { disabled: at === this.order.length - 1 }),
      menuItem(t("Split in two"), "S", () => this.split(card)),
      menuItem(t("Merge with the next"), "M", () => this.merge(card), { disabled: at === this.order.length - 1 }),
      el("hr"),
      menuItem(t("Note to the writer"), "N", () => card.writeAside("note")),
      menuItem(t("From here on…"), "H", () => card.writeAside("cue")),
      menuItem(t("Suggest another main point"), "G", () => this.suggest(card), { disabled: this.busy }),
      ...(this.stage === "draft"
        ? [el("hr"), menuItem(t("Write from here on"), "W", () => card.askFor("onward"), { disabled: this.busy }), menuItem(card.folded ? t("Unfold") : t("Fold"), "F", () => this.fold(card))]
        : []),
      el("hr"),
      menuItem(t("Delete"), "Del", () => this.remove(card), { class: "danger" }),
    );
    openMenu(opener, menu, card.node);
  },

  reuseBrief() {
    this.brief.fill(this.head);
    this.open(null);
  },
});
