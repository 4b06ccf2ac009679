// A model on a server: its address, a test that lists what the server has, and using one of them.

function startServers(element, server) {
  translate(element);
  new ServersPart(element, server).start();
}

class ServersPart {
  constructor(element, server) {
    this.server = server;
    this.parts = partsOf(element);
  }

  start() {
    const { parts } = this;
    parts.whole.addEventListener("toggle", () => parts.whole.open && !this.known && this.look());
    parts.address.addEventListener("input", () => this.offer([]));
    parts.ask.addEventListener("click", () => this.test());
    parts.serverform.addEventListener("submit", (event) => {
      event.preventDefault();
      this.use();
    });
  }

  async look() {
    const { parts } = this;
    const answer = await this.server.look({}).catch(() => null);
    if (!answer) return;
    this.known = true;
    const typed = parts.address.value.trim(); // while this was asked; it stays
    if (!typed) fill(parts.address, answer.address);
    fill(parts.at_once, String(answer.at_once));
    parts.api.replaceChildren(el("option", { value: "" }, t("as suits the model")), ...answer.apis.map((name) => el("option", { value: name }, name)));
    parts.api.value = answer.api;
    if (!typed) this.offer(answer.model ? [answer.model] : []);
  }

  /** The models to choose from; none until the server was asked. */
  offer(models) {
    const { parts } = this;
    parts.served.replaceChildren(...models.map((name) => el("option", { value: name }, name)));
    parts.take.disabled = !models.length;
    say(parts.found, "");
  }

  async test() {
    const { parts } = this;
    parts.servertold.replaceChildren();
    parts.ask.disabled = true;
    say(parts.found, t("Asking the server…"));
    const answer = await this.server.test({ address: parts.address.value.trim() }).catch(() => null);
    parts.ask.disabled = false;
    const models = answer?.models ?? [];
    this.offer(models);
    if (!answer) parts.servertold.append(failure(NO_ANSWER));
    else if (answer.refused) parts.servertold.append(failure(answer.refused));
    else say(parts.found, t("The server answers. Models: {n}", { n: models.length }));
  }

  async use() {
    const { parts } = this;
    parts.servertold.replaceChildren();
    const body = { address: parts.address.value.trim(), model: parts.served.value, api: parts.api.value, at_once: parts.at_once.value };
    const answer = await this.server.use(body).catch(() => null);
    if (!answer) parts.servertold.append(failure(NO_ANSWER));
    else if (answer.refused) parts.servertold.append(failure(answer.refused));
    else say(parts.found, t("It is tested now; above you see what comes of it."));
  }
}
