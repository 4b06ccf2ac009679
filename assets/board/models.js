// The models: which one is writing, which there are and fit, downloads, and a file of one's own.

const MODELS_BUSY = 500;
const MODELS_IDLE = 4000;

function startModels(element, server) {
  translate(element);
  new ModelsTab(element, server).start();
}

class ModelsTab extends WatchedTab {
  constructor(element, server) {
    super(element, server, MODELS_BUSY, MODELS_IDLE);
    this.rows = new ModelRows(element.querySelector(".model-table"), (name, row) => this.rowAct(name, row));
    this.shownActs = "";
  }

  start() {
    const { parts } = this;
    parts.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await this.act({ do: "open", file: parts.path.value.trim() })) parts.path.value = "";
    });
    parts.settings.addEventListener("submit", async (event) => {
      event.preventDefault();
      const saved = await this.act({ do: "settings", threads: parts.threads.value, gpu_layers: parts.layers.value, template: parts.template.value, adapter: parts.adapter.value });
      if (saved) this.tell(flag("info", t("The settings are saved."), t("They hold from the next load on.")));
    });
    parts.browse.addEventListener("click", () => (parts.picker.hidden ? this.browse(parts.path.value.trim()) : (parts.picker.hidden = true)));
    this.watch();
  }

  rowAct(name, row) {
    if (name === "remove") return this.askRemove(row);
    if (name === "forget") return this.act({ do: "remove", key: row.key }); // the file stays where it is
    return this.act({ do: name, key: row.key, file: row.path, endpoint: this.parts.mirror.value.trim() });
  }

  askRemove(row) {
    const { parts } = this;
    const remove = button(t("Delete the file"), () => this.act({ do: "remove", key: row.key }));
    const keep = button(t("Keep it"), () => parts.problem.replaceChildren(), { kind: "quiet" });
    this.tell(flag("fail", t("Delete {file}?", { file: row.file }), t("It can be downloaded again."), remove, keep));
    keep.focus();
  }

  show(answer) {
    const { parts } = this;
    this.busy = Boolean(answer.current.loading) || answer.rows.some((row) => row.transfer && row.transfer.doing !== "ended");
    this.showCurrent(answer.current);
    say(parts.machine, t("{n} of memory, {m} free now. Judged for a piece of {k}; times appear once a model has written here.", { n: GB(answer.memory), m: GB(answer.available), k: count(answer.words, "en") }));
    say(parts.wordshead, count(answer.words, "en"));
    say(parts.folder, answer.folder);
    parts.browse.hidden = !answer.local;
    this.showSettings(answer);
    this.rows.show(answer.rows, answer.current.file);
    if (answer.problem && !parts.problem.childElementCount) parts.problem.append(failure(answer.problem));
  }

  showCurrent(current) {
    const { parts } = this;
    say(parts.name, current.name);
    say(parts.kind, current.demonstration ? t("Built-in demonstration model. It shows every step; its prose makes little sense.") : current.server ? t("On a server: {name}", { name: current.server }) : (current.file ?? ""));
    const engine = current.engine;
    const speed = current.tokens_per_second ? ", " + current.tokens_per_second + NBSP + t("tokens/s") : "";
    say(parts.engine, engine ? t(current.server ? "Connected: {backend}" : "In memory: {backend}", { backend: engine.backend }) + (engine.threads ? ", " + t("threads: {n}", { n: engine.threads }) : "") + ", " + (engine.context ? t("template {name}, context up to {n} tokens", { name: engine.template, n: figure(engine.context) }) : t("template {name}, context not known", { name: engine.template })) + speed + (engine.note ? ". " + said(engine.note) : "") : t(current.server ? "Not connected; it is when it is needed" : "Not in memory; it is loaded when it is needed") + speed + t("."));
    const loading = current.loading;
    parts.loading.hidden = !loading;
    if (loading) {
      const percent = Math.round(100 * loading.share);
      say(parts.doing, t({ waiting: "Waiting for the writing to end: {name}", loading: "Loading {name}", testing: "Testing {name}" }[loading.doing], { name: loading.name }) + (loading.doing === "loading" ? ", " + percent + NBSP + "%" : ""));
      parts.share.style.setProperty("--done", percent + "%");
      parts.share.setAttribute("aria-valuenow", percent);
    }
    this.showTest(current.test, current.failure);
    const acts = loading ? "cancel" : engine ? "unload" : current.missing ? "" : "load";
    if (acts === this.shownActs) return;
    this.shownActs = acts;
    const made = {
      cancel: () => [button(t("Cancel loading"), () => this.act({ do: "cancel_load" }))],
      unload: () => [button(t("Load again"), () => this.act({ do: "load", file: this.file })), button(t("Unload"), () => this.act({ do: "unload" }), { kind: "quiet" })],
      load: () => [button(t("Load and test now"), () => this.act({ do: "load", file: this.file }))],
      "": () => [],
    }[acts]();
    parts.acts.replaceChildren(...made);
  }

  showTest(test, failure) {
    const { parts } = this;
    parts.test.hidden = !test && !failure;
    parts.test.classList.toggle("is-fail", Boolean(failure) || Boolean(test && !test.passed));
    if (failure) say(parts.test, said(failure.message) + " " + said(failure.hint) + " " + t("The model above stays in use."));
    else if (test) say(parts.test, test.passed ? t("Self-test passed: “{text}”", { text: test.text }) : t("Self-test: {problems}", { problems: test.problems.map(said).join(" ") }) + (test.text ? " " + t("It wrote: “{text}”", { text: test.text }) : ""));
  }

  /** Fields follow what is saved, but what is being typed stays. */
  showSettings(answer) {
    const { template, adapter, threads, layers } = this.parts;
    if (!template.options.length) {
      template.append(el("option", { value: "" }, t("guessed from the file")), ...answer.templates.map((name) => el("option", { value: name }, name)));
    }
    const saved = JSON.stringify([answer.current.file, answer.current.template, answer.current.adapter, answer.threads, answer.gpu_layers]);
    if (saved !== this.saved) {
      template.value = answer.current.template;
      adapter.value = answer.current.adapter;
      threads.value = answer.threads ?? "";
      layers.value = answer.gpu_layers ?? "";
    }
    this.saved = saved;
    this.file = answer.current.file;
  }

  async browse(folder) {
    const { parts } = this;
    const answer = await this.server.browse({ folder }).catch(() => null);
    if (!answer || answer.refused) return;
    parts.picker.hidden = false;
    say(parts.place, answer.folder);
    const entry = (label, size, action) => el("li", {}, button(label, action, { kind: "quiet" }), size ? el("span", { class: "num" }, size) : null);
    const up = answer.parent ? [entry("..", null, () => this.browse(answer.parent))] : [];
    const folders = answer.folders.map((item) => entry(item.name + "/", null, () => this.browse(item.path)));
    const files = answer.files.map((item) => entry(item.name, GB(item.bytes), () => this.pick(item.path)));
    parts.entries.replaceChildren(...up, ...files, ...folders);
  }

  pick(path) {
    const { parts } = this;
    parts.picker.hidden = true;
    parts.path.value = path;
    parts.use.focus();
  }
}
