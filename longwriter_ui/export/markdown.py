"""Markdown: the title as the first heading, then the text exactly as it stands in the draft."""

from __future__ import annotations

from longwriter_ui.export.document import Document


def render(document: Document) -> bytes:
    """UTF-8, ending in one newline."""
    body = f"\n{document.body}\n" if document.body else ""
    return f"# {document.title}\n{body}".encode()
