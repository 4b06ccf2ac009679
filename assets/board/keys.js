// The keyboard on the board. Single letters count only while a card itself has the focus; Esc leaves a field for its card.

function listenToKeys(board) {
  board.root.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const node = event.target.closest(".card");
    const card = node ? board.cards.get(node.dataset.key) : null;
    if (!card) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      board.move(card, board.order.indexOf(card.key) + (event.key === "ArrowUp" ? -1 : 1));
    } else if (event.target === node) {
      onCard(event, card, board);
    } else {
      inField(event, card);
    }
  });
  board.root.addEventListener("input", (event) => (event.target.dataset.typed = "1"));
  board.root.addEventListener("focusout", (event) => delete event.target.dataset.typed);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !board.visible) return;
    if (event.key.toLowerCase() === "z" && board.stage !== "brief" && !isTyping(event.target)) {
      event.preventDefault();
      if (event.shiftKey) board.redo();
      else board.undo();
    } else if (event.shiftKey && event.key.toLowerCase() === "f" && board.stage !== "brief") {
      event.preventDefault();
      board.find.open();
    } else if (event.key === "Enter") board.go(event);
    else if (event.key === "." && board.job) {
      event.preventDefault();
      board.toggleRest();
    }
  });
}

/** In a field where something has been typed, undo is the field's own. */
const isTyping = (target) => Boolean(target.closest("[data-typed]"));

function onCard(event, card, board) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.shiftKey && event.key === "F10") {
    event.preventDefault();
    return board.openMenu(card, board.stage === "draft" && card.data.text ? card.textDots : card.dots);
  }
  const at = board.order.indexOf(card.key);
  const actions = {
    ArrowUp: () => board.focusAt(at - 1),
    ArrowDown: () => board.focusAt(at + 1),
    Enter: () => card.point.focus(),
    e: () => (card.prose.editable && board.stage === "draft" ? card.prose.node : card.point).focus(),
    i: () => board.insertAfter(card.key),
    I: () => board.insertAfter(at > 0 ? board.order[at - 1] : null),
    Delete: () => board.remove(card),
    s: () => board.split(card),
    m: () => board.merge(card),
    l: () => card.toggleLock(),
    n: () => card.writeAside("note"),
    h: () => card.writeAside("cue"),
    g: () => board.suggest(card),
    ...(board.stage === "draft" ? draftKeys(card, board) : {}),
  };
  const action = actions[event.key] ?? actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

function draftKeys(card, board) {
  const text = card.data.text !== "";
  const choose = Object.fromEntries(card.data.offered.map((_, i) => [String(i + 1), () => card.choose(i + 1)]));
  return {
    r: () => text && card.askFor("rewrite"),
    a: () => text && card.askFor("alternatives"),
    "+": () => text && card.askFor("longer"),
    "-": () => text && card.askFor("shorter"),
    "[": () => card.returnTo(card.data.version - 1),
    "]": () => card.returnTo(card.data.version + 1),
    d: () => card.toggleChanges(),
    w: () => card.askFor("onward"),
    f: () => board.fold(card),
    ...choose,
    ...(card.data.offered.length ? { Escape: () => card.dismiss() } : {}),
  };
}

function inField(event, card) {
  if (event.key === "Escape") {
    event.preventDefault();
    card.node.focus();
  } else if ([card.point, card.note.field, card.cue.field].includes(event.target) && event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault(); // a main point is one line
    card.node.focus();
  } else if (event.target === card.words && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    card.stepWords(event.key === "ArrowUp" ? STEP_BY : -STEP_BY);
  }
}
