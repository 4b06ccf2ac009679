// A paragraph's text on the page: one <p> for each of its lines, editable where it stands, growing while it is
// written. Reading it back gives the text as it came; lines the person adds are parted by a blank line.

const PLAIN = (() => {
  const probe = document.createElement("div");
  try {
    probe.contentEditable = "plaintext-only";
    return probe.contentEditable === "plaintext-only";
  } catch {
    return false;
  }
})();

class Prose {
  /** heard: { input(text), blur() } */
  constructor(label, heard) {
    this.node = el("div", { class: "text", role: "textbox", "aria-multiline": "true", "aria-label": label });
    this.shown = "";
    this.editable = null;
    this.node.addEventListener("input", () => heard.input(this.read()));
    this.node.addEventListener("blur", () => heard.blur());
    if (!PLAIN) this.keepPlain();
  }

  get focused() {
    return document.activeElement === this.node;
  }

  setEditable(editable) {
    if (editable === this.editable) return;
    this.editable = editable;
    if (editable) this.node.setAttribute("contenteditable", PLAIN ? "plaintext-only" : "true");
    else this.node.removeAttribute("contenteditable");
    this.node.setAttribute("aria-readonly", editable ? "false" : "true");
  }

  show(text) {
    if (text === this.shown) return;
    this.node.replaceChildren();
    this.shown = "";
    this.append(text);
  }

  /** Add new text at the end without touching what stands there. */
  append(text) {
    const ends = /\n*$/.exec(this.shown)[0].length;
    this.shown += text;
    let gap = ends;
    for (const piece of text.split(/(\n+)/)) {
      if (!piece) continue;
      if (piece[0] === "\n") {
        gap += piece.length;
        continue;
      }
      const last = this.node.lastElementChild;
      const letters = last && gap === 0 ? [...last.childNodes].reverse().find((node) => node.nodeType === Node.TEXT_NODE) : null;
      if (letters) {
        letters.appendData(piece);
      } else {
        const line = el("p", {}, piece);
        if (last) line.dataset.gap = gap;
        this.node.append(line);
      }
      gap = 0;
    }
  }

  /** The text as it stands on the page now. */
  read() {
    let text = "";
    const line = (gap, body) => {
      const clean = body.replace(/^\n+|\n+$/g, "");
      if (clean) text += (text ? "\n".repeat(gap) : "") + clean.replace(/\n+/g, "\n\n");
    };
    let loose = "";
    for (const child of this.node.childNodes) {
      if (child.nodeName === "P" || child.nodeName === "DIV") {
        line(2, loose);
        loose = "";
        line(Number(child.dataset.gap) || 2, flat(child));
      } else {
        loose += child.nodeName === "BR" ? "\n" : child.textContent;
      }
    }
    line(2, loose);
    return text;
  }

  /** Typeset anew what was typed; called when the person has left the field. */
  settle() {
    const text = this.read();
    this.shown = null;
    this.show(text);
  }

  /** For browsers without plaintext-only: nothing but text comes in. */
  keepPlain() {
    const insert = (event, data) => {
      event.preventDefault();
      document.execCommand("insertText", false, data.getData("text/plain"));
    };
    this.node.addEventListener("paste", (event) => insert(event, event.clipboardData));
    this.node.addEventListener("drop", (event) => event.preventDefault());
    this.node.addEventListener("beforeinput", (event) => event.inputType.startsWith("format") && event.preventDefault());
  }
}

function flat(node) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeName === "BR") text += "\n";
    else if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else text += (text && !text.endsWith("\n") ? "\n" : "") + flat(child);
  }
  return text;
}
