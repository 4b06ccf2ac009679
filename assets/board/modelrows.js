// The table of models: one group for each, one row for each build. Rows are kept and only their text is set, so that
// a bar moves and a button keeps its focus while the numbers change.

const GB = (bytes) => (bytes >= 5e7 ? (bytes / 1e9).toFixed(1) + NBSP + "GB" : (bytes / 1e6).toFixed(1) + NBSP + "MB");

const VERDICTS = { fits: "Fits", tight: "Tight now", too_large: "Does not fit", unknown: "Known after download" };

class ModelRows {
  constructor(table, act) {
    this.table = table;
    this.act = act;
    this.groups = new Map();
    this.rows = new Map();
  }

  show(rows, inUse) {
    const known = new Set(rows.map((row) => row.key));
    for (const [key, row] of this.rows) {
      if (known.has(key)) continue;
      row.node.remove();
      this.rows.delete(key);
    }
    for (const row of rows) {
      const group = this.group(row);
      const line = this.rows.get(row.key) ?? this.line(row, group);
      line.show(row, inUse);
    }
    for (const group of this.groups.values()) group.show();
  }

  group(row) {
    const id = row.id || "own";
    if (!this.groups.has(id)) this.groups.set(id, new ModelGroup(this.table, row));
    return this.groups.get(id);
  }

  line(row, group) {
    const line = new ModelLine(row, this.act);
    this.rows.set(row.key, line);
    group.add(line);
    return line;
  }
}

/** A model with its builds; those that matter little are folded away. */
class ModelGroup {
  constructor(table, row) {
    this.lines = [];
    this.open = false;
    this.more = button("", () => this.toggle(), { kind: "quiet" });
    this.body = el("tbody");
    const about = row.id ? [said(row.about), row.licence && t("Licence: {name}.", { name: row.licence })].filter(Boolean).join(" ") : "";
    const title = el("th", { scope: "rowgroup", colspan: "5" }, el("b", {}, row.id ? row.name : t("Your own files")));
    if (about) title.append(el("p", {}, about));
    this.body.append(el("tr", { class: "model-head" }, title));
    this.last = el("tr", { class: "model-more" }, el("td", { colspan: "5" }, this.more));
    this.body.append(this.last);
    table.append(this.body);
  }

  add(line) {
    this.lines.push(line);
    this.last.before(line.node);
  }

  toggle() {
    this.open = !this.open;
    this.show();
  }

  show() {
    this.lines = this.lines.filter((line) => line.node.isConnected);
    this.body.hidden = !this.lines.length;
    const folded = this.lines.filter((line) => !line.matters);
    for (const line of this.lines) line.node.hidden = !this.open && !line.matters && folded.length < this.lines.length;
    const hides = folded.length > 0 && folded.length < this.lines.length;
    this.last.hidden = !hides;
    this.more.setAttribute("aria-expanded", String(this.open));
    say(this.more, this.open ? t("Fewer builds") : t("All {n} builds", { n: this.lines.length }));
  }
}

class ModelLine {
  constructor(row, act) {
    this.act = act;
    this.size = el("td", { class: "num" });
    this.fit = el("td", { class: "model-fit" });
    this.time = el("td", { class: "num" });
    this.label = el("span", { class: "model-name" });
    this.mark = el("span", { class: "model-mark" });
    this.state = el("p", { class: "model-state", hidden: true });
    this.bar = el("div", { class: "prog", role: "progressbar", "aria-label": t("Download of {name}", { name: row.name }), hidden: true });
    this.acts = el("td", { class: "model-acts" });
    this.node = el("tr", { class: "model-row" }, el("th", { scope: "row" }, this.label, this.mark, this.bar, this.state), this.size, this.fit, this.time, this.acts);
  }

  show(row, inUse) {
    const move = row.transfer;
    this.running = Boolean(move && move.doing !== "ended");
    this.matters = row.usual || row.recommended || Boolean(row.path) || row.unfinished > 0 || this.running || Boolean(move?.failure) || !row.id;
    this.node.classList.toggle("is-recommended", row.recommended);
    say(this.label, row.quant || row.name);
    say(this.mark, [row.recommended ? t("Recommended") : "", row.path && !inUse ? t("On this computer") : "", inUse === row.path && row.path ? t("In use") : ""].filter(Boolean).join(" · "));
    say(this.size, row.bytes ? GB(row.bytes) : "");
    const partly = row.verdict === "too_large" && row.path && row.most_words > 0; // it is here, and writes shorter pieces
    say(this.fit, row.problem ? t("Unusable") : partly ? t("Shorter pieces") : t(VERDICTS[row.verdict]));
    this.fit.dataset.verdict = row.problem ? "too_large" : partly ? "tight" : row.verdict;
    say(this.time, row.minutes === null ? "–" : duration(row.minutes * 60));
    this.showState(row, move);
    const used = Boolean(row.path) && row.path === inUse;
    const wanted = [row.path, row.unfinished > 0, move?.doing, row.problem, used, row.ours, row.added, row.verdict].join("|");
    if (wanted !== this.wanted) this.showActs(row, move, used);
    this.wanted = wanted;
  }

  showState(row, move) {
    let text = said(row.problem) || (row.verdict === "too_large" || row.verdict === "tight" ? said(row.reason) : "");
    if (row.most_words && !row.problem) text += " " + t("Pieces of up to {n} words fit.", { n: figure(row.most_words) });
    let share = row.bytes && row.unfinished ? row.unfinished / row.bytes : null;
    if (move?.total) share = move.done / move.total;
    if (this.running) text = TRANSFER[move.doing](move);
    else if (move?.failure) text = said(move.failure.message) + " " + said(move.failure.hint);
    else if (move?.compared !== undefined) text = move.compared ? t("Every byte is as it was published.") : t("Complete as far as its header tells; no checksum is known for it.");
    else if (row.unfinished) text = t("{size} of it is here.", { size: GB(row.unfinished) });
    say(this.state, text);
    this.state.hidden = !text;
    this.state.classList.toggle("is-fail", Boolean((move?.failure && !this.running) || row.problem));
    this.bar.hidden = !(this.running || (row.unfinished && !row.path));
    this.bar.style.setProperty("--done", Math.round(100 * (share ?? 0)) + "%");
    this.bar.setAttribute("aria-valuenow", Math.round(100 * (share ?? 0)));
  }

  showActs(row, move, used) {
    const label = row.quant ? row.name + " " + row.quant : row.name;
    const make = (name, action, options) => {
      const made = button(name, () => this.act(action, row), options);
      made.setAttribute("aria-label", name + " " + label);
      return made;
    };
    const acts = [];
    if (this.running && row.path) acts.push(make(t("Stop"), "pause", { kind: "quiet" }));
    else if (this.running) acts.push(make(t("Pause"), "pause"), make(t("Cancel"), "discard", { kind: "quiet" }));
    else if (row.path) {
      if (!used && !row.problem) acts.push(make(t("Use"), "load"));
      if (!row.problem) acts.push(make(t("Verify"), "verify", { kind: "quiet" }));
      if (!used && row.added && !row.ours) acts.push(make(t("Forget"), "forget", { kind: "quiet" }));
      if (!used && row.ours) acts.push(make(t("Remove"), "remove", { kind: "quiet" }));
      if (row.problem && row.id && row.ours) acts.unshift(make(t("Download again"), "download"));
    } else if (row.id) {
      acts.push(make(row.unfinished ? t("Resume") : t("Download"), "download", { kind: row.recommended ? "primary small" : "" }));
      if (row.unfinished) acts.push(make(t("Discard"), "discard", { kind: "quiet" }));
    }
    if (move?.doing === "pausing") for (const act of acts) act.disabled = true;
    const focused = this.acts.contains(document.activeElement);
    this.acts.replaceChildren(...acts);
    if (focused) this.acts.querySelector("button")?.focus();
  }
}

const TRANSFER = {
  asking: () => t("Asking the Hub…"),
  pausing: () => t("Stopping…"),
  waiting: (move) => said(move.reason) + " " + t("It is tried again by itself."),
  verifying: (move) => t("Verifying {n} of {m}", { n: GB(move.done), m: GB(move.total) }),
  fetching: (move) =>
    t("{n} of {m}", { n: GB(move.done), m: GB(move.total) }) + (move.rate ? ", " + (move.rate / 1e6).toFixed(1) + NBSP + "MB/s" : "") + (move.seconds_left === null ? "" : ", " + t("{time} left", { time: duration(move.seconds_left) })),
};
