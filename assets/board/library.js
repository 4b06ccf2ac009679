// The library: every draft on this computer, newest first.

function startLibrary(element, server) {
  translate(element);
  const parts = partsOf(element);
  const library = { server, parts, refresh: () => refreshLibrary(library) };
  parts.start.addEventListener("click", () => {
    goToTab("write");
    window.longwriter.board?.open(null);
  });
  parts.bring.addEventListener("click", () => parts.file.click());
  parts.file.addEventListener("change", () => bringFile(library));
  parts.search.addEventListener("input", () => {
    clearTimeout(library.timer);
    library.timer = setTimeout(library.refresh, 250);
  });
  parts.trash.addEventListener("click", () => {
    library.trashed = !library.trashed;
    library.refresh();
  });
  whenSeen(element, library.refresh);
  if (PUBLIC) startVisiting(element, library);
}

/** A file of the person as a new draft, opened at once. */
async function bringFile({ server, parts }) {
  const [file] = parts.file.files;
  if (!file) return;
  parts.file.value = "";
  parts.bring.disabled = true;
  say(parts.bring, t("Reading the file…"));
  const data = await base64(file).catch(() => null);
  const answer = data === null ? null : await server.bring({ name: file.name, data }).catch(() => null);
  say(parts.bring, t("Import a file"));
  parts.bring.disabled = false;
  parts.problem.replaceChildren();
  if (answer?.draft) {
    goToTab("write");
    return window.longwriter.board?.open(answer.draft);
  }
  const problem = answer?.refused ?? { message: t("The file could not be sent."), hint: t("Check that the studio is still running, and that the file is not too large.") };
  parts.problem.append(failure(problem));
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

async function refreshLibrary(library) {
  const { parts, server } = library;
  const trashed = Boolean(library.trashed);
  const wanted = parts.search.value;
  const answer = await server.drafts({ wanted, trashed }).catch(() => null);
  parts.problem.replaceChildren();
  if (!answer || answer.refused) {
    const problem = answer?.refused ?? NO_ANSWER;
    return parts.problem.append(failure(problem));
  }
  const none = answer.drafts.length === 0;
  parts.blank.hidden = !none || trashed || wanted !== "";
  parts.none.hidden = !none || !parts.blank.hidden;
  say(parts.none, wanted ? t("No draft has this in its title or text.") : t("The trash is empty."));
  parts.trash.hidden = !answer.trash && !trashed;
  say(parts.trash, trashed ? t("Back to the library") : t("Trash ({n})", { n: answer.trash }));
  parts.list.replaceChildren(...answer.drafts.map((draft) => shelfRow(draft, library)));
}

function shelfRow(draft, library) {
  const open = () => {
    goToTab("write");
    window.longwriter.board?.open(draft.id);
  };
  const done = Math.min(100, draft.target_words ? Math.round((100 * draft.words) / draft.target_words) : 0);
  const shelve = async (name, fields = {}) => {
    const answer = await library.server.shelve({ draft: draft.id, do: name, ...fields }).catch(() => null);
    if (name === "trash" && answer?.ok && window.longwriter.board?.draft === draft.id) window.longwriter.board.open(null);
    await refreshLibrary(library);
    if (answer?.refused) library.parts.problem.append(failure(answer.refused));
    else if (name === "trash") library.parts.problem.append(el("div", { class: "strip", role: "status" }, el("span", {}, t("Moved to the trash.")), el("div", { class: "row" }, button(t("Restore"), () => shelve("restore"), { kind: "quiet" }))));
  };
  const shelfActs = () => [
    button(t("Open"), open),
    button(t("Rename"), () => renameDraft(row, draft, shelve), { kind: "quiet" }),
    button(t("Duplicate"), () => shelve("duplicate"), { kind: "quiet" }),
    button(t("Delete"), () => shelve("trash"), { kind: "quiet" }),
  ];
  const trashActs = () => [button(t("Restore"), () => shelve("restore")), button(t("Delete for good"), () => askDelete(row, draft, library), { kind: "quiet" })];
  const row = el(
    "li",
    { class: "shelf-row" },
    el("button", { type: "button", class: "shelf-title", on: { click: open } }, draft.title),
    el("p", { class: "shelf-facts" }, shelfState(draft)),
    el("div", { class: "prog", "aria-hidden": "true", style: "--done:" + done + "%" }),
    el("div", { class: "shelf-acts" }, ...(library.trashed ? trashActs() : shelfActs())),
  );
  return row;
}

function renameDraft(row, draft, shelve) {
  const title = row.querySelector(".shelf-title");
  const field = el("input", { type: "text", class: "shelf-name", maxlength: "300", "aria-label": t("Title") });
  field.value = draft.title;
  let done = false;
  const end = (save) => {
    if (done) return;
    done = true;
    field.replaceWith(title);
    if (save && field.value.trim() && field.value !== draft.title) shelve("rename", { title: field.value });
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter");
  });
  field.addEventListener("blur", () => end(true));
  title.replaceWith(field);
  field.focus();
  field.select();
}

function shelfState(draft) {
  const facts = [];
  if (!draft.steps) facts.push(t("No plan yet"));
  else if (!draft.words) facts.push(t("Planned, {steps}", { steps: steps(draft.steps) }));
  else facts.push(t("{n} of {m} paragraphs", { n: draft.written, m: draft.steps }));
  facts.push(t("{n} of {m}", { n: figure(draft.words), m: count(draft.target_words, draft.language) }));
  facts.push(since(draft.updated));
  return facts.join(" · ");
}

function since(moment) {
  const minutes = Math.round((Date.now() - Date.parse(moment)) / 60000);
  if (minutes < 1) return t("just now");
  if (minutes < 60) return t("{time} ago", { time: duration(minutes * 60) });
  if (minutes < 24 * 60) return t("{time} ago", { time: duration(Math.round(minutes / 60) * 3600) });
  return new Date(moment).toLocaleDateString(LOCALE === "zh" ? "zh-CN" : "en-GB", { day: "numeric", month: "long", year: "numeric" });
}

function askDelete(row, draft, library) {
  const remove = async () => {
    const answer = await library.server.remove({ draft: draft.id }).catch(() => null);
    if (answer?.ok && window.longwriter.board?.draft === draft.id) window.longwriter.board.open(null);
    await refreshLibrary(library);
    if (answer?.refused) library.parts.problem.append(failure(answer.refused));
  };
  const keep = button(t("Keep it"), () => question.remove(), { kind: "quiet" });
  const question = flag("fail", t("Delete this draft and its text?"), t("It cannot be brought back."), button(t("Delete for good"), remove), keep);
  question.classList.add("shelf-question");
  row.querySelector(".shelf-question")?.remove();
  row.append(question);
  keep.focus();
}
