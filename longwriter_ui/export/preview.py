"""The document as HTML for the page: the same reading of its marks as in the files, and nothing that does anything.

What comes out may be put into a page and even into a JavaScript template: only tags that shape prose are left, without
attributes, and every character that a template gives a meaning to is written as a reference.
"""

from __future__ import annotations

import html
import re

from longwriter_ui.export.document import Document
from longwriter_ui.export.literal import literal

_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "em", "strong", "ul", "ol", "li", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_TEMPLATE = re.compile(r"[$`{}\\]")


def preview(document: Document) -> str:
    """Safe HTML of title, author and text."""
    import markdown
    import nh3

    # The markdown package reads fewer escapes than CommonMark has, but a reference to a character in every place.
    source = _ESCAPE.sub(lambda match: f"&#{ord(match.group(1))};", literal(document.body))
    body = markdown.markdown(source, extensions=["tables", "sane_lists", "nl2br"])
    head = f"<h1>{html.escape(document.title)}</h1>"
    if document.options.author:
        head += f"<p><em>{html.escape(document.options.author)}</em></p>"
    clean = nh3.clean(head + body, tags=_TAGS, attributes={}, url_schemes=set())
    return _TEMPLATE.sub(lambda match: f"&#{ord(match.group())};", clean)
