// Where the page's parts meet: the open draft is remembered, the tabs are the page's own.

const OPEN_DRAFT = "longwriter.draft";

function remember(draft) {
  const address = new URL(location.href);
  if (draft) {
    localStorage.setItem(OPEN_DRAFT, draft);
    address.searchParams.set("draft", draft);
  } else {
    localStorage.removeItem(OPEN_DRAFT);
    address.searchParams.delete("draft");
  }
  history.replaceState(history.state, "", address);
}

function remembered() {
  return new URL(location.href).searchParams.get("draft") ?? localStorage.getItem(OPEN_DRAFT);
}

/** Show one of the page's tabs: write, library, models, evaluate or settings. */
function goToTab(name) {
  document.getElementById("lw-tab-" + name + "-button")?.click();
}

function startBoard(element, server) {
  translate(element);
  startLocale();
  const board = new Board(element.querySelector(".lw"), server);
  window.longwriter.board = board;
  if (!PUBLIC) board.notices.showStoreNotice();
  const draft = remembered();
  if (draft) board.open(draft);
  else board.link.ask("poll", { draft: null, rev: 0 }).then((answer) => answer && board.hear(answer));
  return board;
}

window.longwriter = { startBoard, startLibrary, startModels, startServers, startEvaluate, startSettings };
