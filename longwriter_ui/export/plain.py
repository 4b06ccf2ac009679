"""Plain text through pandoc: no marks, one line for each paragraph."""

from __future__ import annotations

from longwriter_ui.export import pandoc
from longwriter_ui.export.document import Document, headings


def render(document: Document) -> bytes:
    """UTF-8, ending in one newline; ExportError when pandoc is missing or fails."""
    options = document.options
    parts = [document.title]
    parts += [options.author] if options.author else []
    parts += [document.date] if options.metadata else []
    found = headings(document.body) if options.contents else []
    if found:
        parts.append("\n".join([document.label("contents"), "", *(f"{'  ' * (n - 1)}{words}" for n, words in found)]))
    text = pandoc.convert(document, "plain") if document.body else b""
    return "\n\n".join(parts).encode() + (b"\n\n" + text.strip(b"\n") if text else b"") + b"\n"
