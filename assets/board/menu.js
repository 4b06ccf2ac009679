// Menus: opened by a button, walked with the arrow keys, closed by Esc, a choice or a click elsewhere.

let openedMenu = null;

function closeMenu(refocus = false) {
  if (!openedMenu) return;
  const { menu, opener, transient } = openedMenu;
  openedMenu = null;
  opener.setAttribute("aria-expanded", "false");
  if (transient) menu.remove();
  else menu.hidden = true;
  if (refocus) opener.focus();
}

function openMenu(opener, menu, transient = false) {
  const again = openedMenu?.opener === opener;
  closeMenu();
  if (again) return;
  menu.hidden = false;
  opener.setAttribute("aria-expanded", "true");
  openedMenu = { menu, opener, transient };
  menu.querySelector("[role=menuitem]:not([disabled])")?.focus();
}

function menuItem(label, key, action, extra = {}) {
  const run = () => {
    closeMenu(true);
    action();
  };
  return el("button", { type: "button", role: "menuitem", ...extra, on: { click: run } }, label, key ? el("kbd", {}, key) : null);
}

document.addEventListener("pointerdown", (event) => {
  if (openedMenu && !openedMenu.menu.contains(event.target) && !openedMenu.opener.contains(event.target)) closeMenu();
});
document.addEventListener("keydown", (event) => {
  if (!openedMenu) return;
  if (event.key === "Escape" || event.key === "Tab") {
    closeMenu(true);
    event.preventDefault();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...openedMenu.menu.querySelectorAll("[role=menuitem]:not([disabled])")];
    const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    items[(at + items.length) % items.length].focus();
    event.preventDefault();
  }
}, true);
