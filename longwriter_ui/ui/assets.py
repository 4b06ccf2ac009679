"""The page's own files: scripts, styles, icons and static templates, read from assets/board.

Templates are constants. No text of a person or a model ever enters one: Gradio evaluates templates as JavaScript.
"""

from __future__ import annotations

import json

from longwriter_ui.paths import ASSETS
from longwriter_ui.words import LANGUAGES

# In this order: later scripts use what earlier ones define.
_SCRIPTS = (
    "theme", "owner", "locale", "words", "dom", "feed", "link", "prose", "card", "asides", "board", "revising",
    "versions", "choices", "replan", "find", "follow", "move", "keys", "menu", "status", "notices", "plan",
    "acts", "export", "examples", "brief", "visiting", "library", "tab", "modelrows", "models", "servers",
    "evaluate", "settings", "start",
)  # fmt: skip
_STYLES = (
    "tokens", "frame", "card", "revise", "panel", "brief", "export", "models", "evaluate", "settings", "narrow",
    "gradio",
)  # fmt: skip


def read(name: str) -> str:
    return (ASSETS / "board" / name).read_text(encoding="utf-8")


def head(public: bool = False) -> str:
    """What goes into the page's <head>; `public`: several people share the studio. The styles go here because Gradio
    rewrites those given as `css`."""
    styles = "\n".join(read(f"{name}.css") for name in _STYLES)
    scripts = "\n".join(read(f"{name}.js") for name in _SCRIPTS)
    locales = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ASSETS / "locale").glob("*.json")}
    # A "<" could end the script element; as an escape it is the same text.
    phrases = json.dumps(locales, ensure_ascii=False).replace("<", "\\u003c")
    languages = f"const NAMED_LANGUAGES = {json.dumps(list(LANGUAGES))};"
    scripts = f"const PUBLIC = {json.dumps(public)};\nconst LOCALES = {phrases};\n{languages}\n{scripts}"
    return f'<style>\n{styles}</style>\n<script>\n(() => {{\n"use strict";\n{scripts}}})();\n</script>'


def start(name: str) -> str:
    """The script of one component: hand its element and its server functions to the page's scripts."""
    return f"window.longwriter.{name}(element, server);"
