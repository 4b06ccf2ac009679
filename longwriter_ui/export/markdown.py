"""Markdown: the title as the first heading, then the text as the rendering has it."""

from __future__ import annotations

import json

from longwriter_ui.export.document import Document, headings


def render(document: Document) -> bytes:
    """UTF-8, ending in one newline."""
    options = document.options
    parts = [f"# {document.title}"]
    if options.metadata:
        facts = {"title": document.title, "author": options.author, "lang": document.language, "date": document.date}
        facts |= {"words": str(document.words), "description": " ".join(document.brief.split())}
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items() if value]
        parts.insert(0, "\n".join(["---", *lines, "---"]))
    if options.author:
        parts.append(f"*{options.author}*")
    found = headings(document.body) if options.contents else []
    if found:
        entries = [f"{'  ' * (level - 1)}- {words}" for level, words in found]
        parts.append("\n".join([f"**{document.label('contents')}**", "", *entries]))
    if options.title_page or found:
        parts.append("---")
    return "\n\n".join([*parts, *([document.body] if document.body else [])]).encode() + b"\n"
