// Evaluation: the score of a piece, runs over many prompts, and reports that compare them.

const EVALUATE_BUSY = 700;
const EVALUATE_IDLE = 5000;
// The ways of writing of the plan's foot, and the one that has no plan.
const WAYS = { conversation: "Conversation", agentwrite: "AgentWrite", oneshot: "One shot", parallel: "Parallel", direct: "Direct answer" };
const DIRECT = "The prompt itself, answered at once, as the paper does.";

function startEvaluate(element, server) {
  translate(element);
  new EvaluateTab(element, server).start();
}

class EvaluateTab extends WatchedTab {
  constructor(element, server) {
    super(element, server, EVALUATE_BUSY, EVALUATE_IDLE);
    this.marked = new Set();
    this.shownRuns = "";
  }

  start() {
    const { parts } = this;
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.begin();
    });
    parts.prompts.addEventListener("change", () => (parts.filerow.hidden = parts.prompts.value !== "file"));
    parts.judge.addEventListener("change", () => this.showJudge());
    parts.mode.addEventListener("change", () => this.showWay());
    parts.draft.addEventListener("change", () => {
      this.chosen = parts.draft.value;
      this.score();
    });
    parts.judgepiece.addEventListener("click", () => this.act({ do: "judge_draft", draft: parts.draft.value, ...this.judge() }));
    parts.stop.addEventListener("click", () => this.act({ do: "stop" }));
    parts.compare.addEventListener("click", () => this.compare());
    this.watch();
  }

  appear() {
    this.chosen = window.longwriter.board?.draft ?? this.chosen;
    this.wanted = true;
  }

  /** The drafts are read when the tab comes into view, not every time. */
  wishes() {
    return { drafts: this.wanted };
  }

  async begin() {
    const { parts } = this;
    const [file] = parts.file.files;
    const text = parts.prompts.value === "file" && file ? await file.text() : null;
    await this.act({ do: "start", run: parts.name.value.trim(), prompts: parts.prompts.value, file: file?.name ?? "", text, mode: parts.mode.value, seed: parts.seed.value });
  }

  /** Who is to judge, as a command has it. */
  judge() {
    const { parts } = this;
    return parts.judge.value === "server" ? { server: parts.server.value.trim(), judge: parts.judgename.value.trim() } : { file: parts.judge.value };
  }

  show(answer) {
    const { parts } = this;
    const activity = answer.activity;
    // What had ended before this page was opened is no news; what begins and ends between two answers is.
    const ended = activity && !activity.running ? activity.turn : (activity?.turn ?? 1) - 1;
    const isNews = this.ended !== undefined && ended > this.ended;
    this.ended = ended;
    this.busy = Boolean(activity?.running);
    if (answer.drafts) {
      this.wanted = false;
      this.showDrafts(answer.drafts);
    }
    if (!parts.mode.options.length) {
      parts.mode.append(...answer.modes.map((mode) => el("option", { value: mode }, t(WAYS[mode] ?? mode))));
      this.showWay();
    }
    if (this.suggested === undefined || parts.name.value === this.suggested) fill(parts.name, answer.name);
    this.suggested = answer.name;
    this.showJudges(answer);
    parts.start.disabled = this.busy;
    parts.judgepiece.disabled = this.busy || !parts.draft.value;
    this.showActivity(activity, isNews);
    this.showRuns(answer.runs);
    if (isNews) this.score();
  }

  showWay() {
    const { parts } = this;
    say(parts.way, t(MODES[parts.mode.value] ?? DIRECT));
  }

  showJudges(answer) {
    const { parts } = this;
    const wanted = JSON.stringify([answer.judges, answer.local]);
    if (wanted === this.shownJudges) return;
    this.shownJudges = wanted;
    const chosen = parts.judge.value;
    const others = answer.judges.map((judge) => el("option", { value: judge.file }, judge.name));
    parts.judge.replaceChildren(el("option", { value: "" }, t("The model in use")), ...others, el("option", { value: "server", disabled: !answer.local }, t("A server")));
    if ([...parts.judge.options].some((option) => option.value === chosen)) parts.judge.value = chosen;
    this.showJudge();
  }

  showJudge() {
    const { parts } = this;
    const judge = parts.judge.value;
    parts.serverrow.hidden = parts.namerow.hidden = judge !== "server";
    parts.reloads.hidden = judge === "" || judge === "server";
  }

  showActivity(activity, isNews) {
    const { parts } = this;
    parts.activity.hidden = !this.busy;
    if (activity?.failure && isNews) this.tell(failure(activity.failure));
    if (!this.busy) return;
    const values = { name: activity.name, n: figure(Math.min(activity.done + 1, activity.of)), m: figure(activity.of), words: figure(activity.words), target: figure(activity.target) };
    const texts = { writing: t("Writing {name}: prompt {n} of {m}, {words} of {target} words", values), judging: t("Judging {name}: piece {n} of {m}", values), piece: t("Judging the piece") };
    say(parts.doing, activity.stopping ? t("Stopping…") : texts[activity.kind]);
    const share = activity.of ? Math.round((100 * activity.done) / activity.of) : 0;
    parts.share.style.setProperty("--done", share + "%");
    parts.share.setAttribute("aria-valuenow", share);
    parts.stop.disabled = activity.stopping;
  }

  showDrafts(drafts) {
    const { parts } = this;
    const chosen = this.chosen ?? parts.draft.value;
    const facts = (draft) => [draft.title, count(draft.words, draft.language), since(draft.updated)].join(" · "); // titles may be the same
    parts.draft.replaceChildren(...drafts.map((draft) => el("option", { value: draft.id }, facts(draft))));
    if (drafts.some((draft) => draft.id === chosen)) parts.draft.value = chosen;
    this.score();
  }

  async score() {
    const { parts } = this;
    const draft = parts.draft.value;
    const answer = draft ? await this.server.score({ draft }).catch(() => null) : null;
    if (draft !== parts.draft.value) return;
    parts.score.hidden = parts.judged.hidden = !answer || Boolean(answer.refused);
    parts.judgepiece.disabled = this.busy || !draft;
    if (parts.score.hidden) return;
    say(parts.points, t("Length score {n}", { n: answer.score }));
    say(parts.lengths, t("{n} of {m} words asked for", { n: figure(answer.words), m: figure(answer.target) }));
    parts.quarters.replaceChildren(...answer.quarters.map((share) => el("td", {}, share + NBSP + "%")));
    say(parts.openings, t("Paragraphs that begin unlike all before them: {n} %", { n: answer.openings }));
    say(parts.passage, answer.passage_words ? t("The longest passage that comes twice has {n} words: “{text}”", { n: figure(answer.passage_words), text: answer.passage }) : t("No passage comes twice."));
    parts.judged.replaceChildren(...answer.judged.map((judged) => this.judgement(judged)));
  }

  judgement(judged) {
    const rows = judged.values.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, t(name)), el("td", {}, String(value))));
    const caption = t("Quality {n}, judged by {judge}; scores of other judges do not compare with it", { n: judged.total, judge: judged.judge });
    return el("table", { class: "eval-table" }, el("caption", {}, caption), el("tbody", {}, ...rows));
  }

  showRuns(runs) {
    const { parts } = this;
    const wanted = JSON.stringify([runs, this.busy]);
    if (wanted === this.shownRuns) return;
    this.shownRuns = wanted;
    parts.none.hidden = runs.length > 0;
    parts.compare.hidden = runs.length === 0;
    parts.runs.replaceChildren(...runs.map((run) => this.runRow(run)));
  }

  runRow(run) {
    const mark = el("input", { type: "checkbox", "aria-label": t("Mark {name}", { name: run.name }) });
    mark.checked = this.marked.has(run.name);
    mark.addEventListener("change", () => (mark.checked ? this.marked.add(run.name) : this.marked.delete(run.name)));
    const facts = [run.model, t(WAYS[run.mode] ?? run.mode), t("{n} of {m} written", { n: figure(run.done), m: figure(run.of) })];
    if (run.problems) facts.push(t("{n} failed", { n: figure(run.problems) }));
    if (run.score) facts.push(run.done > 1 ? t("length score {n} ({low} to {high})", { n: run.score[0], low: run.score[1], high: run.score[2] }) : t("length score {n}", { n: run.score[0] }));
    if (run.longest) facts.push(t("longest output {n} words", { n: figure(run.longest) }));
    for (const judged of run.judged) facts.push(t("quality {n} by {judge}", { n: judged.total, judge: judged.judge }));
    const acts = [];
    if (run.done < run.of) acts.push(button(t("Go on"), () => this.act({ do: "resume", run: run.name })));
    if (run.problems) acts.push(button(t("Write failed ones again"), () => this.act({ do: "resume", run: run.name, retry: true }), { kind: "quiet" }));
    if (run.done) acts.push(button(t("Judge quality"), () => this.act({ do: "judge", run: run.name, ...this.judge() }), { kind: "quiet" }));
    for (const act of acts) act.disabled = this.busy;
    return el("li", {}, el("label", { class: "eval-name" }, mark, el("b", {}, run.name)), el("p", { class: "eval-facts" }, facts.join(" · ")), el("div", { class: "row" }, ...acts));
  }

  async compare() {
    const { parts } = this;
    parts.problem.replaceChildren();
    parts.compare.disabled = true;
    parts.making.hidden = false;
    const answer = await this.server.compare({ runs: [...this.marked] }).catch(() => null);
    parts.compare.disabled = false;
    parts.making.hidden = true;
    const problem = answer ? answer.refused : NO_ANSWER;
    if (problem) return this.tell(failure(problem));
    // The frame may run nothing and reach nothing: the report is text, tables and pictures.
    parts.report.srcdoc = answer.html;
    parts.report.hidden = parts.fetch.hidden = false;
    parts.fetch.href = answer.href;
    parts.fetch.download = answer.name;
    parts.report.scrollIntoView({ block: "nearest" });
  }
}
