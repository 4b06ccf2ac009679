// The models: which one is writing, which files are here, and where LongWriter comes from.

const LONGWRITER = "hf download bartowski/LongWriter-llama3.1-8b-GGUF LongWriter-llama3.1-8b-Q4_K_M.gguf";

function startModels(element, server) {
  const parts = partsOf(element);
  const choose = async (file) => {
    parts.problem.replaceChildren();
    parts.use.disabled = true;
    const answer = await server.choose({ file }).catch(() => null);
    parts.use.disabled = false;
    if (!answer) return parts.problem.append(flag("fail", "The studio does not answer.", "Check that it is still running."));
    if (answer.refused) return parts.problem.append(flag("fail", answer.refused.message, answer.refused.hint));
    parts.path.value = "";
    showModels(parts, answer, choose);
    parts.problem.append(flag("info", "Ready to write with " + answer.current.name + ".", "It is loaded when it is first needed."));
  };
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(parts.path.value.trim());
  });
  whenSeen(element, async () => {
    const answer = await server.listed({}).catch(() => null);
    if (answer) showModels(parts, answer, choose);
  });
}

function showModels(parts, answer, choose) {
  say(parts.name, answer.current.name);
  say(parts.kind, answer.current.demonstration ? "Built-in demonstration model. It shows every step; its prose makes little sense." : answer.current.file);
  say(parts.folder, answer.folder);
  say(parts.command, LONGWRITER + " --local-dir " + JSON.stringify(answer.folder));
  parts.none.hidden = answer.found.length > 0;
  parts.found.replaceChildren(
    ...answer.found.map((model) => {
      const use = button("Use this model", () => choose(model.file));
      const inUse = model.file === answer.current.file;
      return el(
        "li",
        { class: "model-row" },
        el("span", { class: "model-name" }, model.name),
        el("span", { class: "num" }, (model.bytes / 1e9).toFixed(2) + NBSP + "GB"),
        inUse ? el("span", { class: "ok" }, icon("check"), "In use") : use,
      );
    }),
  );
}
