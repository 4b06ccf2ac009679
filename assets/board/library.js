// The library: every draft on this computer, newest first.

function startLibrary(element, server) {
  const parts = partsOf(element);
  const library = { server, parts, refresh: () => refreshLibrary(library) };
  parts.start.addEventListener("click", () => {
    goToTab("write");
    window.longwriter.board?.open(null);
  });
  parts.bring.addEventListener("click", () => parts.file.click());
  parts.file.addEventListener("change", () => bringFile(library));
  whenSeen(element, library.refresh);
}

/** A file of the person as a new draft, opened at once. */
async function bringFile({ server, parts }) {
  const [file] = parts.file.files;
  if (!file) return;
  parts.file.value = "";
  parts.bring.disabled = true;
  say(parts.bring, "Reading the file…");
  const data = await base64(file).catch(() => null);
  const answer = data === null ? null : await server.bring({ name: file.name, data }).catch(() => null);
  say(parts.bring, "Import a file");
  parts.bring.disabled = false;
  parts.problem.replaceChildren();
  if (answer?.draft) {
    goToTab("write");
    return window.longwriter.board?.open(answer.draft);
  }
  const problem = answer?.refused ?? { message: "The file could not be sent.", hint: "Check that the studio is still running, and that the file is smaller than 32 MB." };
  parts.problem.append(flag("fail", problem.message, problem.hint));
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** Run `action` each time the element comes into view, as it does when its tab is chosen. */
function whenSeen(element, action) {
  new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && action()).observe(element);
}

async function refreshLibrary(library) {
  const { parts, server } = library;
  const answer = await server.drafts({}).catch(() => null);
  parts.problem.replaceChildren();
  if (!answer || answer.refused) {
    const problem = answer?.refused ?? { message: "The studio does not answer.", hint: "Check that it is still running." };
    return parts.problem.append(flag("fail", problem.message, problem.hint));
  }
  parts.blank.hidden = answer.drafts.length > 0;
  parts.list.replaceChildren(...answer.drafts.map((draft) => shelfRow(draft, library)));
}

function shelfRow(draft, library) {
  const open = () => {
    goToTab("write");
    window.longwriter.board?.open(draft.id);
  };
  const done = Math.min(100, draft.target_words ? Math.round((100 * draft.words) / draft.target_words) : 0);
  const row = el(
    "li",
    { class: "shelf-row" },
    el("button", { type: "button", class: "shelf-title", on: { click: open } }, draft.title),
    el("p", { class: "shelf-facts" }, shelfState(draft)),
    el("div", { class: "prog", "aria-hidden": "true", style: "--done:" + done + "%" }),
    el("div", { class: "shelf-acts" }, button("Open", open), button("Delete", () => askDelete(row, draft, library), { kind: "quiet" })),
  );
  return row;
}

function shelfState(draft) {
  const facts = [];
  if (!draft.steps) facts.push("No plan yet");
  else if (!draft.words) facts.push("Planned, " + draft.steps + (draft.steps === 1 ? " step" : " steps"));
  else facts.push(draft.written + " of " + draft.steps + " paragraphs");
  facts.push(figure(draft.words) + " of " + count(draft.target_words, draft.language));
  facts.push(since(draft.updated));
  return facts.join(" · ");
}

function since(moment) {
  const minutes = Math.round((Date.now() - Date.parse(moment)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return minutes + NBSP + "min ago";
  if (minutes < 24 * 60) return Math.round(minutes / 60) + NBSP + "h ago";
  return new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

function askDelete(row, draft, library) {
  const remove = async () => {
    const answer = await library.server.remove({ draft: draft.id }).catch(() => null);
    if (answer?.ok && window.longwriter.board?.draft === draft.id) window.longwriter.board.open(null);
    await refreshLibrary(library);
    if (answer?.refused) library.parts.problem.append(flag("fail", answer.refused.message, answer.refused.hint));
  };
  const keep = button("Keep it", () => question.remove(), { kind: "quiet" });
  const question = flag("fail", "Delete this draft and its text?", "It cannot be brought back.", button("Delete for good", remove), keep);
  question.classList.add("shelf-question");
  row.querySelector(".shelf-question")?.remove();
  row.append(question);
  keep.focus();
}
