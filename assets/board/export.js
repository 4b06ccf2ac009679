// The export dialog: format, choices that are kept with the draft, and a preview. The preview is safe HTML made by the
// studio, and stands in a frame that may run nothing and load nothing all the same.

const PREVIEW_STYLE =
  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>" +
  "body{margin:0;padding:28px 32px;background:#fdfdfc;color:#1d2125;font:16px/1.6 Georgia,'Noto Serif','Noto Serif CJK SC',serif;overflow-wrap:anywhere}" +
  "body.sans{font-family:system-ui,'Noto Sans','Noto Sans CJK SC',sans-serif}h1{font-size:26px;text-align:center;line-height:1.25}" +
  "h2{font-size:20px}h3{font-size:17px}blockquote{font-style:italic;margin:1em 2em}table{border-collapse:collapse}" +
  "td,th{border:1px solid #8c959f;padding:4px 8px}hr{width:30%;border:0;border-top:1px solid #8c959f}</style>";

// Choices that change nothing in a format are greyed there.
const PAGES = ["docx", "odt", "pdf", "html"];
const FONTS = [...PAGES, "epub"];

class Exporter {
  constructor(board) {
    this.board = board;
    this.parts = partsOf(board.root.parentElement.querySelector(".export").parentElement);
    this.fields = [...this.parts.dialog.querySelectorAll("[data-option]")];
    const { parts } = this;
    parts.close.addEventListener("click", () => parts.dialog.close());
    parts.download.addEventListener("click", () => this.download());
    parts.formats.addEventListener("change", () => this.showFormat());
    for (const field of this.fields) field.addEventListener("change", () => this.choose(field));
  }

  get format() {
    return this.parts.formats.querySelector("input:checked").value;
  }

  async open() {
    const { parts, board } = this;
    parts.problem.replaceChildren();
    parts.preview.style.visibility = "hidden"; // it shows another time's text until the answer is here
    this.showFormat();
    parts.dialog.showModal();
    board.link.flush();
    this.hear(await board.link.ask("look", { draft: board.draft }));
  }

  /** One after the other, and only the last answer is shown: an earlier one does not know the later choices. */
  choose(field) {
    const options = { [field.dataset.option]: field.type === "checkbox" ? field.checked : field.value };
    const { board } = this;
    const turn = (this.turn = (this.turn ?? Promise.resolve()).then(async () => {
      const answer = await board.link.ask("choose", { draft: board.draft, options });
      if (turn === this.turn) this.hear(answer);
    }));
  }

  hear(answer) {
    const { parts } = this;
    this.tell(answer ? answer.refused : NO_ANSWER);
    if (!answer?.options) return;
    for (const field of this.fields) {
      const value = answer.options[field.dataset.option];
      if (field.type === "checkbox") field.checked = value;
      else fill(field, value);
    }
    parts.preview.srcdoc = PREVIEW_STYLE + '<body class="' + (answer.options.font === "sans" ? "sans" : "serif") + '">' + answer.preview;
    parts.preview.style.visibility = "";
  }

  showFormat() {
    const { parts, format } = this;
    const project = format === "longwriter.json";
    parts.whole.hidden = !project;
    parts.choices.disabled = project;
    for (const field of this.fields) {
      const matters = { paper: PAGES, font: FONTS }[field.dataset.option];
      field.disabled = Boolean(matters) && !matters.includes(format);
    }
  }

  async download() {
    const { parts, board, format } = this;
    parts.download.disabled = true;
    say(parts.download, t("Making the file…"));
    await this.turn;
    await board.link.settled(); // what was just typed belongs into the file
    const answer = await board.server.fetch({ draft: board.draft, format }).catch(() => null);
    parts.download.disabled = false;
    say(parts.download, t("Download"));
    this.tell(answer ? answer.refused : NO_ANSWER);
    if (!answer?.href) return;
    const link = el("a", { href: answer.href, download: answer.name });
    document.body.append(link);
    link.click();
    link.remove();
  }

  tell(problem) {
    this.parts.problem.replaceChildren(...(problem ? [failure(problem)] : []));
  }
}
