// Menus: opened by a button, walked with the arrow keys, closed by Esc, a choice or a click elsewhere.

let openedMenu = null;

function closeMenu(refocus = false) {
  if (!openedMenu) return;
  const { menu, opener } = openedMenu;
  openedMenu = null;
  opener.setAttribute("aria-expanded", "false");
  menu.remove();
  if (refocus) opener.focus();
}

/** Open a menu made for this once, in `home`; the same button again closes it. */
function openMenu(opener, menu, home) {
  const again = openedMenu?.opener === opener;
  closeMenu();
  if (again) return;
  home.append(menu);
  opener.setAttribute("aria-expanded", "true");
  openedMenu = { menu, opener };
  place(menu, opener.getBoundingClientRect());
  menu.querySelector("[role=menuitem]:not([disabled])")?.focus({ preventScroll: true });
}

/** Below its opener; above it, or as far up as need be, where it would leave the window. */
function place(menu, opener) {
  const lowest = window.innerHeight - menu.offsetHeight - 8;
  const below = opener.bottom + 4;
  const above = opener.top - 4 - menu.offsetHeight;
  const top = below <= lowest ? below : above >= 8 ? above : Math.max(8, lowest);
  menu.style.top = top - menu.offsetParent.getBoundingClientRect().top + "px";
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
