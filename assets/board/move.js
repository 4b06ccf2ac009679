// Moving cards: by the handle with any pointer, by Alt+Up and Alt+Down.

function startDrag(event, card, board) {
  if (event.button !== 0) return;
  event.preventDefault();
  const list = board.parts.cards;
  const line = el("li", { class: "drop-line", "aria-hidden": "true" });
  let to = null;
  card.grip.setPointerCapture(event.pointerId);
  card.node.classList.add("is-dragged");

  const move = (at) => {
    const others = board.order.filter((key) => key !== card.key);
    let place = others.findIndex((key) => {
      const box = board.cards.get(key).node.getBoundingClientRect();
      return at.clientY < box.top + box.height / 2;
    });
    if (place < 0) place = others.length;
    const edge = 60;
    if (at.clientY < edge) window.scrollBy(0, -12);
    else if (at.clientY > window.innerHeight - edge) window.scrollBy(0, 12);
    if (place === to) return;
    to = place;
    list.insertBefore(line, place < others.length ? board.cards.get(others[place]).node : null);
  };
  const end = (drop) => {
    card.grip.removeEventListener("pointermove", move);
    card.grip.removeEventListener("pointerup", finish);
    card.grip.removeEventListener("pointercancel", cancel);
    document.removeEventListener("keydown", escape, true);
    line.remove();
    card.node.classList.remove("is-dragged");
    if (drop && to !== null) board.move(card, to);
  };
  const finish = () => end(true);
  const cancel = () => end(false);
  const escape = (key) => key.key === "Escape" && (key.stopPropagation(), end(false));
  card.grip.addEventListener("pointermove", move);
  card.grip.addEventListener("pointerup", finish);
  card.grip.addEventListener("pointercancel", cancel);
  document.addEventListener("keydown", escape, true);
}

/** Put the nodes of `list` in the order of `nodes`, moving as few as need be and never the focused one's siblings twice. */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  let at = list.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else if (list.moveBefore && node.parentNode === list) list.moveBefore(node, at); // without building it anew
    else list.insertBefore(node, at);
  }
  // Where nodes are not moved but put in anew, they lose the focus; give it back.
  if (focused && document.activeElement !== focused && list.contains(focused)) focused.focus({ preventScroll: true });
}
