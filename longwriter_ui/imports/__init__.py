"""Files as new drafts: a project file as it was, a text (Markdown, DOCX, plain) with its paragraphs as cards."""

from __future__ import annotations

from pathlib import Path

from longwriter_ui import project
from longwriter_ui.errors import ImportRefused
from longwriter_ui.imports import docx, text
from longwriter_ui.imports.files import decode, read, refuse_folder

SUFFIXES = (".longwriter.json", ".md", ".docx", ".txt")


def load(path: Path) -> project.Project:
    """The draft in the file `path`, with a new id; ImportRefused when it cannot be made into one."""
    refuse_folder(path)
    name = path.name.lower()
    kind = next((suffix for suffix in (*SUFFIXES, ".markdown") if name.endswith(suffix)), None)
    title = path.name[: -len(kind)] if kind else path.stem
    if kind == ".longwriter.json":
        return project.load(read(path, project.MAX_BYTES))
    if kind == ".docx":
        return project.Project(text.draft_from(docx.as_markdown(read(path, docx.MAX_BYTES)), title))
    if kind in (".md", ".markdown"):
        return project.Project(text.draft_from(decode(read(path, text.MAX_BYTES)), title))
    if kind == ".txt":
        return project.Project(text.draft_from(decode(read(path, text.MAX_BYTES)), title, marked=False))
    what = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
    raise ImportRefused(f"{path.name} cannot be read: it has {what}.", f"Use one of: {', '.join(SUFFIXES)}.")
