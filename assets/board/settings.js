// The settings: for the pieces started from now on, and for the open one. Each change is saved at once.

function startSettings(element, server) {
  translate(element);
  new SettingsView(element, server);
}

class SettingsView {
  constructor(element, server) {
    this.server = server;
    this.parts = partsOf(element);
    this.fields = [...element.querySelectorAll("[data-setting]")];
    this.scopes = [...element.querySelectorAll("[data-scope]")];
    this.scope = "new";
    this.turn = 0;
    this.saved = Promise.resolve(); // one after the other: the server changes what it has saved
    for (const scope of this.scopes) scope.addEventListener("click", () => this.turnTo(scope.dataset.scope));
    for (const field of this.fields) field.addEventListener("change", () => this.change(field));
    this.parts.form.addEventListener("submit", (event) => event.preventDefault());
    this.parts.usual.addEventListener("click", () => this.save(this.usualValues(), null, true));
    const theme = element.querySelector("#lw-theme");
    theme.value = localStorage.getItem(THEME_CHOICE) ?? "";
    theme.addEventListener("change", () => chooseTheme(theme.value));
    const locale = element.querySelector("#lw-locale");
    locale.value = LOCALE;
    locale.addEventListener("change", () => {
      localStorage.setItem(LOCALE_CHOICE, locale.value);
      location.reload();
    });
    whenSeen(element, () => this.refresh());
  }

  get draft() {
    return window.longwriter.board?.draft ?? null;
  }

  async refresh() {
    const turn = this.turn;
    if (this.hear(await this.server.look({ draft: this.draft }).catch(() => null)) && turn === this.turn) this.show(false);
  }

  turnTo(scope) {
    if (scope === "piece" && !this.known?.piece) return;
    this.scope = scope;
    this.parts.problem.replaceChildren();
    this.show(true);
  }

  /** Above the fields, and so far from many of them: it comes into view. */
  tell(message) {
    this.parts.problem.replaceChildren(message);
    message.scrollIntoView({ block: "nearest" });
  }

  /** Whether it was done. A refusal leaves what was typed where it stands. */
  hear(answer) {
    const problem = answer ? answer.refused : NO_ANSWER;
    if (problem) this.tell(failure(problem));
    if (!answer) return false;
    this.known = answer;
    if (!answer.piece) this.scope = "new";
    else if (PUBLIC) this.scope = "piece"; // what is chosen for new pieces holds for everybody
    return !problem;
  }

  /** `all`: also fields that the person is in, or that hold what could not be used. */
  show(all) {
    const { known, scope, parts } = this;
    const chosen = known[scope];
    parts.form.hidden = PUBLIC && !known.piece;
    for (const button of this.scopes) {
      button.hidden = PUBLIC;
      button.setAttribute("aria-pressed", String(button.dataset.scope === scope));
      const closed = button.dataset.scope === "piece" && !known.piece;
      button.disabled = closed;
      button.title = closed ? t("Open a piece first") : "";
    }
    say(parts.holds, parts.form.hidden ? t("Open a piece first") : scope === "new" ? t("They hold for the pieces you start from now on.") : t("They hold for “{title}”, from the next paragraph that is begun on.", { title: known.title }));
    for (const field of this.fields) {
      const name = field.dataset.setting;
      const value = chosen[name];
      if (field.type === "radio") field.checked = field.value === (value ?? known.usual[name]);
      else if (field.type === "checkbox") field.checked = value ?? known.usual[name];
      else {
        if (name !== "seed") field.placeholder = String(known.usual[name]);
        if (!all && (document.activeElement === field || field.getAttribute("aria-invalid") === "true")) continue;
        field.value = value ?? "";
        field.setAttribute("aria-invalid", "false");
      }
    }
    this.fields.find((field) => field.dataset.setting === "seed").readOnly = scope === "piece";
    say(parts.seedhint, scope === "new" ? t("The same seed, plan and model write the same text. Empty: another one for each piece.") : t("This piece keeps the seed it was started with."));
  }

  change(field) {
    const name = field.dataset.setting;
    if (field.readOnly) return null;
    if (field.type === "radio") return this.save({ [name]: field.value });
    if (field.type === "checkbox") return this.save({ [name]: field.checked });
    const typed = field.value.trim().replace(",", ".");
    const number = typed === "" ? null : Number(typed);
    field.setAttribute("aria-invalid", String(Number.isNaN(number)));
    if (!Number.isNaN(number)) return this.save({ [name]: number }, field);
    this.tell(flag("fail", t("“{typed}” is no number.", { typed }), t("Give a number, or leave the field empty.")));
    return null;
  }

  usualValues() {
    const names = this.fields.map((field) => field.dataset.setting).filter((name) => !["mode", "seed"].includes(name));
    const values = Object.fromEntries(names.map((name) => [name, null]));
    return { ...values, mode: "conversation", length: "gentle", ...(this.scope === "new" ? { seed: null } : {}) };
  }

  async save(values, field = null, all = false) {
    this.parts.problem.replaceChildren();
    const turn = ++this.turn;
    const body = { of: this.scope, draft: this.draft, values };
    this.saved = this.saved.then(() => this.server.choose(body).catch(() => null));
    const done = this.hear(await this.saved);
    field?.setAttribute("aria-invalid", String(!done));
    if (done && turn === this.turn) this.show(all); // an earlier answer does not know the later choices
  }
}
