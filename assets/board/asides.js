// What a card tells the writer beside its main point: a note for this step, a cue that holds from here on, a lock.

Object.assign(Card.prototype, {
  buildAsides() {
    this.note = this.buildAside("note", t("Note to the writer"));
    this.cue = this.buildAside("cue", t("From here on"));
    this.lock = iconButton("unlock", t("Lock"), () => this.toggleLock(), { "aria-pressed": "false" });
    this.lock.classList.add("lock");
  },

  buildAside(name, title) {
    const field = el("textarea", { class: "aside-text", rows: "1", maxlength: "4000", "aria-label": title });
    field.addEventListener("input", () => {
      fit(field);
      this.board.link.type(name + ":" + this.key, { do: "edit_step", key: this.key, [name]: field.value });
    });
    field.addEventListener("blur", () => {
      this.left(name, () => fill(field, this.data[name]));
      this.showAsides();
    });
    const caption = el("span", { class: "aside-name", "aria-hidden": "true" }, title);
    return { field, node: el("div", { class: "aside " + name, hidden: true }, name === "cue" ? icon("down") : null, caption, field) };
  },

  showAsides() {
    for (const name of ["note", "cue"]) {
      const { field, node } = this[name];
      if (!this.board.link.holds(name + ":" + this.key)) fill(field, this.data[name]);
      node.hidden = !field.value && document.activeElement !== field;
      if (!node.hidden) fit(field);
    }
    this.node.classList.toggle("has-cue", !this.cue.node.hidden);
    const { locked } = this.data;
    this.node.classList.toggle("is-locked", locked);
    this.words.readOnly = locked;
    this.lock.setAttribute("aria-pressed", String(locked));
    this.lock.firstElementChild.firstElementChild.setAttribute("href", locked ? "#i-lock" : "#i-unlock");
    this.lock.title = locked ? t("Unlock") : t("Lock: rebalancing leaves these words alone");
    this.lock.setAttribute("aria-label", (locked ? t("Unlock step {n}", { n: this.number }) : t("Lock step {n}", { n: this.number })));
  },

  writeAside(name) {
    this[name].node.hidden = false;
    if (name === "cue") this.node.classList.add("has-cue");
    fit(this[name].field);
    this[name].field.focus();
  },

  toggleLock() {
    return this.board.link.apply({ do: "edit_step", key: this.key, locked: !this.data.locked });
  },
});
