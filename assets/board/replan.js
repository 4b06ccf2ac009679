// Another plan: made anew, imported, balanced; and the question which to keep when the person has edited the old one.

Object.assign(Board.prototype, {
  newPlan() {
    return this.busy ? null : this.link.command("plan");
  },

  rebalance() {
    return this.link.apply({ do: "rebalance" });
  },

  suggest(card) {
    return this.busy ? null : this.link.command("suggest", { key: card.key });
  },

  importOutline() {
    const id = "lw-outline";
    const field = el("textarea", { id, rows: "8", spellcheck: "false", placeholder: "1. …\n2. …" });
    const file = el("input", { type: "file", accept: ".md,.txt,text/plain,text/markdown", class: "sr", tabindex: "-1", "aria-hidden": "true" });
    file.addEventListener("change", async () => {
      if (file.files[0]) field.value = await file.files[0].text();
      field.focus();
    });
    const use = button(t("Use this outline"), async () => {
      const answer = await this.link.apply({ do: "set_plan", text: field.value });
      if (answer.ok && !answer.unused) this.notices.drop(); // else the lines left over stand in its place
    }, { kind: "primary small" });
    const lead = this.order.length ? t("This replaces the plan. Undo brings it back.") : t("Each line becomes a step.");
    this.notices.tell("info", t("Import an outline"), lead, use, button(t("Open a file"), () => file.click()), file);
    this.notices.note.classList.add("outline-form");
    this.notices.note.querySelector(".row").before(el("label", { for: id }, t("A numbered list, a Markdown list, or the lines of an exported outline")), field);
    field.focus();
  },

  /** A plan that waits to be accepted. */
  showProposal() {
    const { proposal, edited_steps } = this.head;
    if (proposal === this.proposed) return;
    this.proposed = proposal;
    this.proposalNote?.remove();
    this.proposalNote = null;
    if (!proposal) return;
    const lines = el("ol", { class: "proposal", hidden: true }, ...proposal.split("\n").map((line) => el("li", {}, line)));
    const show = button(t("Compare"), () => (lines.hidden = !lines.hidden));
    const use = button(t("Use the new plan"), () => this.link.apply({ do: "accept_plan" }));
    const keep = button(t("Keep my plan"), () => this.link.apply({ do: "discard_plan" }), { kind: "quiet" });
    const lead = edited_steps === 1 ? t("A new plan is ready. You edited 1 step of the old one.") : t("A new plan is ready. You edited {n} steps of the old one.", { n: edited_steps });
    this.proposalNote = flag("info", lead, null, show, use, keep);
    this.proposalNote.append(lines);
    this.notices.area.prepend(this.proposalNote);
  },
});
