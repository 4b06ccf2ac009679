// The board: one list of cards for plan and draft. It keeps what the server last said and shows it; every change
// goes through the link and comes back as an answer.

class Board {
  constructor(root, server) {
    this.root = root;
    this.server = server;
    this.parts = partsOf(root);
    this.cards = new Map();
    this.stage = "brief";
    this.clear();
    this.link = new Link(server, { answer: (answer, request) => this.hear(answer, request), connection: (up) => this.setConnected(up) });
    this.status = new Status(this);
    this.follow = new Follow(this);
    this.notices = new Notices(this);
    this.exporter = new Exporter(this);
    this.brief = new BriefForm(this, root.parentElement.querySelector("#lw-brief"));
    this.listen();
    listenToKeys(this);
    this.showStage("brief");
  }

  clear() {
    this.head = { title: "", instruction: "", language: "en", target_words: 0, mode: "conversation", raw_plan: "", planning_problem: "", proposal: "", edited_steps: 0 };
    this.order = [];
    this.totals = { words: 0, planned: 0, length_score: null, complete: false };
    this.job = null;
    this.undoable = null;
    this.redoable = null;
    this.walks = Promise.resolve();
    this.model ??= { name: "", demonstration: false };
    this.current = null;
    this.spoken = null;
    for (const card of this.cards.values()) card.node.remove();
    this.cards.clear();
    this.parts.outline.replaceChildren();
    this.parts.ruler.replaceChildren();
    this.parts.planRuler.replaceChildren();
    this.opened = false;
  }

  // ---- which draft, which stage ------------------------------------------------------------------------------

  open(draft, stage = null) {
    this.link.flush();
    this.clear();
    this.notices.clear();
    this.draft = draft;
    this.wantedStage = stage;
    remember(draft);
    this.link.open(draft);
    if (!draft) this.showStage("brief");
    else if (stage) this.showStage(stage);
    this.showAll();
  }

  showStage(stage) {
    this.stage = stage;
    this.parts.view.className = "view " + stage;
    document.body.dataset.stage = stage;
    for (const tab of this.root.querySelectorAll("[data-stage]")) {
      if (tab.dataset.stage === stage) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
      const closed = tab.dataset.stage !== "brief" && !this.draft;
      tab.setAttribute("aria-disabled", closed ? "true" : "false");
      tab.title = closed ? t("Make a plan first") : "";
    }
    this.brief.showNote(Boolean(this.draft));
    if (stage !== "brief") for (const card of this.cards.values()) fit(card.point);
    this.showAll();
  }

  get visible() {
    return this.root.offsetParent !== null;
  }

  get busy() {
    return this.job !== null;
  }

  // ---- answers -----------------------------------------------------------------------------------------------

  hear(answer, request) {
    if (answer.model) this.model = answer.model;
    if (answer.gone) return this.forget(answer.gone);
    const before = this.job;
    if (answer.head) this.head = answer.head;
    if (answer.totals) this.totals = answer.totals;
    if (answer.job !== undefined) this.job = answer.job;
    if (answer.undo !== undefined) this.undoable = answer.undo;
    if (answer.redo !== undefined) this.redoable = answer.redo;
    if (answer.order) this.setOrder(answer.order);
    for (const data of answer.cards ?? []) this.cards.get(data.key)?.set(data);
    this.measured = this.beginnings = null; // the first of these cards looked at the others before they had come
    for (const [key, text] of answer.deltas ?? []) this.cards.get(key)?.append(text);
    this.follow.step();
    this.notices.hear(answer, request);
    this.afterJob(before);
    // Cards that came are shown already; the others only where what all of them show has changed.
    this.showAll(Boolean(answer.head || before?.key !== this.job?.key || Boolean(before) !== this.busy));
    if (!this.opened && answer.head) this.firstLook();
  }

  /** On opening a draft: the plan while nothing is written, else the text. */
  firstLook() {
    this.opened = true;
    const begun = this.totals.words > 0 || this.job?.kind === "write";
    if (!this.draft) return;
    if (!this.wantedStage) this.showStage(begun ? "draft" : "plan");
  }

  setOrder(order) {
    this.order = order;
    for (const [key, card] of this.cards) {
      if (order.includes(key)) continue;
      card.node.remove();
      this.cards.delete(key);
    }
    for (const key of order) if (!this.cards.has(key)) this.cards.set(key, new Card(key, this));
    this.placeCards();
  }

  placeCards() {
    const cards = this.order.map((key) => this.cards.get(key));
    arrange(this.parts.cards, cards.map((card) => card.node));
    arrange(this.parts.outline, cards.map((card) => card.outline));
    arrange(this.parts.ruler, cards.map((card) => card.segment));
    cards.forEach((card, i) => card.setNumber(i + 1));
  }

  afterJob(before) {
    if (this.job?.phase === "paused" && before?.phase !== "paused") this.speak(t("Paused."));
    if (before?.kind === "plan" && !this.job && this.order.length) this.speak(t("The plan is ready: {n} steps.", { n: this.order.length }));
    const key = this.job?.kind === "write" ? this.job.key : null;
    if (key && this.bringIntoView) {
      this.bringIntoView = false;
      if (this.job.paragraph > 1) this.cards.get(key)?.node.scrollIntoView({ block: "start" });
      else window.scrollTo(0, 0);
    }
    if (key && key !== this.spoken) {
      this.speak((this.spoken ? t("Paragraph {n} finished.", { n: this.job.paragraph - 1 }) + " " : "") + t("Writing paragraph {n} of {m}.", { n: this.job.paragraph, m: this.job.of }));
      this.spoken = key;
    } else if (before?.kind === "write" && !this.job) {
      this.spoken = null;
      this.speak(this.tallies().unfinished ? t("Stopped.") : t("The draft is finished."));
    }
  }

  /** Once per paragraph, for screen readers. */
  speak(text) {
    say(this.parts.live, text);
  }

  forget(message) {
    this.open(null);
    this.notices.tell("fail", said(message.message), said(message.hint));
  }

  setConnected(up) {
    this.parts.offline.hidden = up;
  }

  // ---- figures -----------------------------------------------------------------------------------------------

  writes(key) {
    return this.job?.kind === "write" && this.job.key === key && this.job.phase !== "queued";
  }

  /** The longest step, which the outline's bars are measured by; looked up once for all cards that are shown at once. */
  get longest() {
    if (!this.measured) {
      this.measured = Math.max(1, ...[...this.cards.values()].map((card) => (card.data ? card.targetNow : 0)));
      queueMicrotask(() => (this.measured = null));
    }
    return this.measured;
  }

  /** Beginnings that more than one main point has; looked up in the same way. */
  get shared() {
    if (!this.beginnings) {
      const all = [...this.cards.values()].map((card) => beginning(card.data?.main_point ?? ""));
      this.beginnings = new Set(all.filter((head, i) => head && all.indexOf(head) < i));
      queueMicrotask(() => (this.beginnings = null));
    }
    return this.beginnings;
  }

  tallies() {
    const states = this.order.map((key) => this.cards.get(key)?.data && this.cards.get(key).status);
    const of = (...names) => states.filter((state) => names.includes(state)).length;
    return { written: of("written", "edited", "stale"), unfinished: of("planned", "stopped", "failed", "writing"), stale: of("stale") };
  }
}
