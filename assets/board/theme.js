// Light or dark: as the system has it, or as chosen under Settings. In Gradio `body.dark` alone decides.

const THEME_CHOICE = "longwriter.theme";

function showTheme() {
  const chosen = localStorage.getItem(THEME_CHOICE);
  if (chosen && document.body.classList.contains("dark") !== (chosen === "dark")) document.body.classList.toggle("dark", chosen === "dark");
}

/** "light", "dark", or "" for what the system has. */
function chooseTheme(name) {
  if (name) localStorage.setItem(THEME_CHOICE, name);
  else localStorage.removeItem(THEME_CHOICE);
  document.body.classList.toggle("dark", (name || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark");
}

// Gradio sets the class when it mounts, which is before it runs this script, and again when the system changes.
new MutationObserver(showTheme).observe(document.body, { attributeFilter: ["class"] });
showTheme();
