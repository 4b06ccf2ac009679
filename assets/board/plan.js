// What only the plan shows: the budget with its ruler, the plan while it arrives, and a plan that could not be read.

class Plan {
  constructor(board) {
    this.board = board;
    this.over = el("i", { class: "over" });
    const { parts } = board;
    parts.useRaw.addEventListener("click", () => board.link.apply({ do: "set_plan", text: parts.raw.value }));
    parts.replan.addEventListener("click", () => board.plan());
    parts.plan.addEventListener("click", () => board.plan());
    parts.first.addEventListener("click", () => board.insertAfter(null));
    parts.addLast.addEventListener("click", () => board.insertAfter(board.order[board.order.length - 1] ?? null));
    parts.mode.addEventListener("change", () => {
      parts.mode.title = t(MODES[parts.mode.value]);
      board.link.apply({ do: "set_mode", mode: parts.mode.value });
    });
  }

  show() {
    const { board } = this;
    const { parts, head, job } = board;
    const planning = job?.kind === "plan";
    const steps = board.order.length;
    const raw = !steps && !planning && head.planning_problem !== "";
    parts.budget.hidden = !steps;
    parts.rawplan.hidden = !raw;
    parts.blank.hidden = Boolean(steps || raw || planning || !board.draft || !board.opened);
    parts.foot.hidden = !steps || planning;
    parts.addLast.hidden = !steps || planning;
    parts.export.hidden = !board.totals.words;
    parts.exportOutline.hidden = !steps;
    const begun = board.totals.words > 0;
    parts.newPlan.hidden = parts.importOutline.hidden = begun || !steps;
    parts.newPlan.disabled = parts.importOutline.disabled = board.busy;
    parts.find.hidden = !begun;
    if (raw) {
      if (this.rawShown !== head.raw_plan) parts.raw.value = head.raw_plan;
      this.rawShown = head.raw_plan;
      say(parts.rawWhy, said(head.planning_problem));
    }
    parts.arriving.hidden = steps > 0 || !planning;
    this.showBrief();
    this.showFoot();
    if (steps) this.showBudget();
  }

  showBrief() {
    const { parts, head, model } = this.board;
    say(parts.instruction, head.instruction);
    say(parts.asked, count(head.target_words, head.language));
    say(parts.language, languageName(head.language));
    say(parts.model, model.name);
    fill(parts.mode, head.mode);
    parts.mode.title = t(MODES[parts.mode.value] ?? "");
  }

  showFoot() {
    const { board } = this;
    const { written, unfinished } = board.tallies();
    const begun = written > 0 || board.totals.words > 0;
    const { write, pre } = board.parts;
    say(write, begun && unfinished ? t("Continue") : t("Write"));
    write.disabled = board.busy || !unfinished;
    const time = unfinished && this.time !== undefined ? t("About {time} to write.", { time: duration(this.time) }) + " " : "";
    const told = time + "*" + (unfinished ? t(MODES[board.head.mode] ?? "") : t("Every step of this plan is written."));
    if (told !== this.told) pre.replaceChildren(...told.split("*").map((text, i) => el("span", { class: i ? "way" : "time" }, text)));
    this.told = told;
    if (board.stage === "plan" && unfinished && !board.busy) this.askTime(unfinished);
  }

  /** How long all that is unfinished would take, asked again when the plan or the model is another one. */
  askTime(unfinished) {
    const { board } = this;
    const asked = JSON.stringify([board.draft, board.model.name, board.head.mode, unfinished, board.order.map((key) => [key, board.cards.get(key).data?.target])]);
    if (asked === this.timeAsked) return;
    this.timeAsked = asked;
    if (this.timed !== board.draft) this.time = undefined;
    this.timed = board.draft;
    clearTimeout(this.asking);
    this.asking = setTimeout(async () => {
      const answer = await board.link.ask("price", { draft: board.draft, how: "write" });
      if (asked !== this.timeAsked) return;
      this.time = answer?.writing ? answer.writing + (answer.reading ?? 0) : undefined;
      this.showFoot();
    }, PRICE_PAUSE);
  }

  showBudget() {
    const { board } = this;
    const { parts, head } = board;
    const cards = board.order.map((key) => board.cards.get(key)).filter((card) => card.data);
    const planned = cards.reduce((sum, card) => sum + card.targetNow, 0);
    const target = head.target_words;
    const off = planned - target;
    const signature = JSON.stringify([planned, target, board.busy, cards.map((card) => card.key + card.targetNow + card.data.locked)]);
    if (signature === this.budget) return;
    this.budget = signature;
    const inSteps = steps(cards.length);
    parts.total.replaceChildren(...marked(t("{steps}, {n} of {m}", { steps: inSteps, n: "*" + figure(planned) + "*", m: count(target, head.language) })));
    say(parts.off, off > 0 ? t("{n} over", { n: figure(off) }) : off < 0 && !board.busy ? t("{n} to spare", { n: figure(-off) }) : "");
    parts.off.classList.toggle("is-over", off > 0);
    const free = cards.filter((card) => !card.data.locked).length;
    parts.rebalance.hidden = off === 0 || !free || board.busy;
    say(parts.rebalance, free === 1 ? t("Rebalance 1 step") : t("Rebalance {n} steps", { n: free }));
    parts.rebalance.title = t("Spreads {n} over the unlocked steps.", { n: count(target, head.language) });
    const segments = this.segments(cards, off);
    arrange(parts.planRuler, segments);
    parts.planRuler.style.width = off < 0 ? Math.max(8, (100 * planned) / target) + "%" : "100%";
    parts.planRuler.setAttribute("aria-label", t("{n} planned in {steps}", { n: count(planned, head.language), steps: inSteps }) + (off > 0 ? ", " + t("{n} over", { n: figure(off) }) : ""));
    const mark = parts.target.firstElementChild;
    say(mark, figure(target));
    parts.target.style.setProperty("--at", (off > 0 ? (100 * target) / planned : 100) + "%");
  }

  /** One segment a step; what goes over the target is hatched, taken from the last steps. */
  segments(cards, off) {
    const segments = cards.map((card) => card.planSegment);
    for (const card of cards) {
      card.planSegment.style.flex = String(Math.max(1, card.targetNow));
      card.planSegment.className = card.data.locked ? "is-locked" : "";
    }
    if (off <= 0) return segments;
    this.over.style.flex = String(off);
    let rest = off;
    for (const card of [...cards].reverse()) {
      const cut = Math.min(rest, card.targetNow);
      rest -= cut;
      if (cut === card.targetNow) segments.pop();
      else card.planSegment.style.flex = String(card.targetNow - cut);
      if (rest <= 0) break;
    }
    return [...segments, this.over];
  }
}
