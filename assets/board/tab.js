// A tab over something that goes on by itself, models being fetched or prompts being written: it asks how that stands
// while it is seen, oftener while it goes on, and shows no answer that a later request has overtaken.

class WatchedTab {
  /** `busyPace`, `idlePace`: milliseconds between two looks. */
  constructor(element, server, busyPace, idlePace) {
    this.element = element;
    this.server = server;
    this.parts = partsOf(element);
    this.paces = [busyPace, idlePace];
    this.seen = false;
    this.busy = false;
    this.turn = 0;
  }

  watch() {
    new IntersectionObserver((entries) => {
      const seen = entries.some((entry) => entry.isIntersecting);
      if (seen && !this.seen) this.appear();
      this.seen = seen;
      if (seen) this.poll();
    }).observe(this.element);
  }

  /** The tab has come into view. */
  appear() {}

  /** What is asked for besides how things stand. */
  wishes() {
    return {};
  }

  async poll() {
    clearTimeout(this.timer);
    if (!this.seen) return;
    const turn = ++this.turn;
    const answer = await this.server.state(this.wishes()).catch(() => null);
    if (turn !== this.turn) return;
    if (answer) this.show(answer);
    const [busyPace, idlePace] = this.paces;
    this.timer = setTimeout(() => this.poll(), this.busy ? busyPace : idlePace);
  }

  /** Ask for something to be done; whether it was. */
  async act(body) {
    this.parts.problem.replaceChildren();
    this.turn += 1;
    const answer = await this.server.act(body).catch(() => null);
    const problem = answer ? answer.refused : NO_ANSWER;
    if (problem) this.tell(failure(problem));
    if (answer) this.show(answer);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), this.paces[0]);
    return !problem;
  }

  /** Show a message where the person looks: many a button is far below its place. */
  tell(message) {
    this.parts.problem.replaceChildren(message);
    message.scrollIntoView({ block: "nearest" });
  }
}
