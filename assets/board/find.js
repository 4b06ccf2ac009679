// Find and replace in the texts. The studio finds; the page marks the place, without touching what stands there.

class Find {
  constructor(board) {
    this.board = board;
    this.places = [];
    this.at = -1;
    this.build();
  }

  build() {
    this.wanted = el("input", { type: "search", id: "lw-find", maxlength: "1000" });
    this.other = el("input", { type: "text", id: "lw-replace", maxlength: "1000" });
    this.tally = el("span", { class: "num", role: "status" });
    this.one = button(t("Replace"), () => this.replaceOne());
    this.all = button(t("Replace all"), () => this.replaceAll(), { kind: "quiet" });
    const previous = iconButton("left", t("Previous"), () => this.go(-1));
    const next = iconButton("right", t("Next"), () => this.go(1));
    this.node = el(
      "div",
      { class: "strip find", role: "search", "aria-label": t("Find and replace"), hidden: true },
      el("label", { for: "lw-find" }, t("Find")), this.wanted, previous, next, this.tally,
      el("label", { for: "lw-replace" }, t("Replace with")), this.other,
      el("div", { class: "row" }, this.one, this.all, button(t("Close"), () => this.close(), { kind: "quiet" })),
    );
    this.board.parts.notices.before(this.node);
    this.wanted.addEventListener("input", () => this.search());
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      else if (event.key === "Enter" && event.target === this.wanted) this.go(event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
    });
  }

  open() {
    if (!this.board.draft) return;
    this.board.showStage("draft");
    this.node.hidden = false;
    this.wanted.focus();
    this.wanted.select();
    this.search();
  }

  close() {
    this.node.hidden = true;
    this.mark(null);
    this.board.parts.find.focus();
  }

  async search(at = 0) {
    const wanted = this.wanted.value;
    await this.board.link.settled();
    const answer = wanted ? await this.board.link.ask("find", { draft: this.board.draft, wanted }) : { places: [] };
    if (!answer?.places || wanted !== this.wanted.value) return;
    this.places = answer.places;
    this.at = this.places.length ? Math.min(at, this.places.length - 1) : -1;
    this.show();
  }

  go(by) {
    if (!this.places.length) return;
    this.at = (this.at + by + this.places.length) % this.places.length;
    this.show();
  }

  show() {
    const { places, at } = this;
    say(this.tally, !this.wanted.value ? "" : places.length ? t("{n} of {m}", { n: at + 1, m: figure(places.length) }) : t("Not found"));
    this.one.disabled = this.all.disabled = !places.length;
    say(this.all, places.length ? t("Replace all {n}", { n: figure(places.length) }) : t("Replace all"));
    this.mark(places[at] ?? null);
  }

  mark(place) {
    const range = place && this.rangeOf(place);
    if (window.CSS?.highlights) {
      if (range) CSS.highlights.set("lw-found", new Highlight(range));
      else CSS.highlights.delete("lw-found");
    }
    range?.startContainer.parentElement.scrollIntoView({ block: "center" });
  }

  /** The nth time the text stands in a card. */
  rangeOf({ key, nth }) {
    const card = this.board.cards.get(key);
    const wanted = this.wanted.value.toLowerCase();
    let seen = 0;
    const walker = document.createTreeWalker(card.prose.node, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.toLowerCase();
      for (let i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length)) {
        seen += 1;
        if (seen < nth) continue;
        const range = new Range();
        range.setStart(node, i);
        range.setEnd(node, Math.min(i + wanted.length, node.length));
        return range;
      }
    }
    return null;
  }

  async replaceOne() {
    const place = this.places[this.at];
    if (!place) return;
    await this.board.link.apply({ do: "replace_text", find: this.wanted.value, text: this.other.value, ...place });
    await this.search(this.at);
  }

  async replaceAll() {
    const many = this.places.length;
    const answer = await this.board.link.apply({ do: "replace_text", find: this.wanted.value, text: this.other.value });
    await this.search();
    if (answer.ok) say(this.tally, t("{n} replaced", { n: figure(many) }));
  }
}
