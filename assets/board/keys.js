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
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !board.visible) return;
    if (event.key === "Enter") board.go(event);
    else if (event.key === "." && board.job) {
      event.preventDefault();
      board.stop();
    }
  });
}

function onCard(event, card, board) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = board.order.indexOf(card.key);
  const actions = {
    ArrowUp: () => board.focusAt(at - 1),
    ArrowDown: () => board.focusAt(at + 1),
    Enter: () => card.point.focus(),
    e: () => (card.prose.editable && board.stage === "draft" ? card.prose.node : card.point).focus(),
    i: () => board.insertAfter(card.key),
    I: () => board.insertAfter(at > 0 ? board.order[at - 1] : null),
    Delete: () => board.remove(card),
    r: () => board.stage === "draft" && !card.rewrite.hidden && !card.rewrite.disabled && board.rewrite(card),
  };
  const action = actions[event.key] ?? actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

function inField(event, card) {
  if (event.key === "Escape") {
    event.preventDefault();
    card.node.focus();
  } else if (event.target === card.point && event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault(); // a main point is one line
    card.node.focus();
  } else if (event.target === card.words && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    card.stepWords(event.key === "ArrowUp" ? STEP_BY : -STEP_BY);
  }
}
