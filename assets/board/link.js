// The board's line to the studio. One request at a time, so that revisions never cross: typing waits 400 ms,
// then joins the queue; commands go after the edits before them; polls fill the pauses, and while a job runs the feed
// does, until there is something to send. A request that gets no answer is sent again, after a poll has told what
// became of the first try. Edits that a closing page could not send any more wait in the browser for the next time
// their draft is opened.

const TYPING_PAUSE = 400;
const POLL = 3000;
const FEED_PAUSE = 200;
const PATIENCE = 15000;
const BOUT = 5000; // a longer pause in typing begins what is undone on its own
const UNSENT = "longwriter.unsent";
const REPEATABLE = ["edit_step", "edit_text", "set_title", "set_mode", "keep"];

class Link {
  /** hear: { answer(answer, request), connection(up) } */
  constructor(server, hear) {
    this.server = server;
    this.hear = hear;
    this.draft = null;
    this.revs = new Map();
    this.queue = [];
    this.typed = new Map();
    this.bouts = new Map();
    this.busy = false;
    this.failures = 0;
    this.caughtUp = false;
    this.jobRuns = false;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.feed?.abort() : this.wake(0)));
    window.addEventListener("pagehide", () => this.keepUnsent());
  }

  /** Attach to a draft from its beginning; null lets go. */
  open(draft) {
    this.flush();
    this.draft = draft;
    this.feed?.abort();
    this.opening = {};
    this.caughtUp = false;
    if (draft) this.revs.set(draft, 0);
    this.wake(0);
    this.sendKept();
  }

  /** The page goes away: what it could not send stays in the browser. */
  keepUnsent() {
    this.flush();
    const ops = this.queue.filter((request) => request.draft === this.draft && REPEATABLE.includes(request.body.op?.do)).map((request) => request.body.op);
    if (ops.length) localStorage.setItem(UNSENT, JSON.stringify({ draft: this.draft, ops }));
  }

  sendKept() {
    const kept = JSON.parse(localStorage.getItem(UNSENT) ?? "null");
    if (!kept || kept.draft !== this.draft) return;
    localStorage.removeItem(UNSENT);
    // After the poll that every opening begins with, so that they are edits of the draft as it is now.
    for (const op of kept.ops) this.queue.push({ call: "apply", body: { op }, draft: this.draft, answered: Promise.resolve(), resolve: () => {}, tried: true });
  }

  /**
   * An edit still being typed; a later one of the same id takes its place. `base.value` is what the field showed, and
   * `value` what it is now: the edit says what it was typed over, whatever polls have brought since.
   */
  type(id, op, base = null, value = null) {
    const before = this.typed.get(id);
    clearTimeout(before?.timer);
    const sent = this.queue.findLast((request) => request.id === id);
    if (base) op.was = before ? before.op.was : sent ? sent.value : base.value;
    op.burst = this.boutOf(id);
    this.typed.set(id, { op, base, value, timer: setTimeout(() => this.release(id), TYPING_PAUSE) });
  }

  /** The bout of typing an edit belongs to: what is typed without a longer pause is undone as one. */
  boutOf(id) {
    const now = Date.now();
    const bout = this.bouts.get(id);
    const burst = bout && now - bout.at < BOUT ? bout.burst : String(now);
    this.bouts.set(id, { burst, at: now });
    return burst;
  }

  /** Send a typed edit now. */
  release(id) {
    const typed = this.typed.get(id);
    if (!typed) return;
    clearTimeout(typed.timer);
    this.typed.delete(id);
    this.push({ call: "apply", id, body: { op: typed.op }, base: typed.base, value: typed.value });
  }

  /** What was typed has become nothing that could be sent. */
  forget(id) {
    clearTimeout(this.typed.get(id)?.timer);
    this.typed.delete(id);
  }

  /** When everything typed so far has reached the studio, or it has not answered for long. */
  async settled() {
    this.flush();
    const last = this.queue.at(-1);
    if (last) await Promise.race([last.answered, new Promise((done) => setTimeout(done, PATIENCE))]);
  }

  flush() {
    for (const id of [...this.typed.keys()]) this.release(id);
  }

  /** Does an edit of `id` wait for its answer? Then the page knows better than the server. */
  holds(id) {
    return this.typed.has(id) || this.queue.some((request) => request.id === id);
  }

  get unsaved() {
    return this.typed.size > 0 || this.queue.length > 0;
  }

  /** An edit to be done at once. `done` tells, after a failed try, whether it was done all the same. */
  apply(op, done = null) {
    this.flush();
    return this.push({ call: "apply", body: { op }, done });
  }

  command(name, fields = {}) {
    this.flush();
    return this.push({ call: "command", body: { do: name, ...fields } });
  }

  push(request) {
    const waiting = { ...request, draft: this.draft, tried: false };
    waiting.answered = new Promise((resolve) => (waiting.resolve = resolve));
    this.queue.push(waiting);
    this.feed?.abort();
    this.wake(0);
    return waiting.answered;
  }

  wake(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.step(), delay);
  }

  async step() {
    if (this.busy) return;
    const next = this.queue[0];
    const draft = next ? next.draft : this.draft;
    if (!draft) return;
    // After a failure an ordinary poll first: a line that cannot be held open is still a line.
    if (!next && this.jobRuns && !document.hidden && !this.failures) return this.listen(draft);
    const request = next && (!next.tried || this.caughtUp) ? next : null;
    if (request) request.tried = true;
    this.busy = true;
    const opening = this.opening;
    const answer = await this.ask(request ? request.call : "poll", { draft, rev: this.revs.get(draft) ?? 0, ...request?.body });
    this.busy = false;
    if (!answer) return this.missed();
    this.connected();
    // Opened anew while it was under way: the answer tells what is new to a board that is gone.
    const current = opening === this.opening;
    if (answer.rev !== undefined && current) this.revs.set(draft, answer.rev);
    if (request) {
      this.queue.shift();
      this.caughtUp = false;
      // What was asked for did not happen: what the page shows may be wrong, so ask for everything.
      if (answer.refused || answer.conflict) this.revs.set(draft, 0);
      else if (request.base) request.base.value = request.value;
    } else {
      this.caughtUp = true;
    }
    try {
      if (draft === this.draft && current) this.hear.answer(answer, request);
      request?.resolve(answer);
      if (!request) this.skipDone();
    } finally {
      this.jobRuns = Boolean(answer.job);
      const again = this.queue.length || !current || answer.refused || answer.conflict;
      this.wake(again || (this.jobRuns && !document.hidden) ? 0 : POLL);
    }
  }

  /** Hear the feed until its job ends or there is something to send. */
  async listen(draft) {
    const { opening } = this;
    this.busy = true;
    this.feed = new AbortController();
    const end = await listenTo(draft, this.revs.get(draft) ?? 0, this.feed.signal, PATIENCE, (answer) => {
      this.connected();
      if (answer.rev !== undefined) this.revs.set(draft, answer.rev);
      this.jobRuns = Boolean(answer.job);
      if (opening === this.opening) this.hear.answer(answer, null);
    });
    this.feed = null;
    this.busy = false;
    if (end === "broken") this.missed();
    else this.wake(this.queue.length || opening !== this.opening ? 0 : this.jobRuns ? FEED_PAUSE : POLL);
  }

  /** The server's answer; null when none came. */
  async ask(call, body) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(() => resolve(null), PATIENCE)));
    try {
      return (await Promise.race([this.server[call](body), late])) ?? null;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  missed() {
    this.failures += 1;
    this.caughtUp = false;
    if (this.failures > 1) this.hear.connection(false);
    this.wake(Math.min(400 * this.failures, 2000));
  }

  connected() {
    if (this.failures > 1) this.hear.connection(true);
    this.failures = 0;
  }

  /** Drop a request whose first try got through although its answer was lost. */
  skipDone() {
    const request = this.queue[0];
    if (!request?.tried || !request.done?.()) return;
    this.queue.shift();
    this.caughtUp = false;
    request.resolve({ ok: true });
  }
}
