"""Files of word processors, DOCX and ODT, through pandoc with the styles of assets/reference.docx and .odt."""

from __future__ import annotations

from longwriter_ui.export import pandoc
from longwriter_ui.export.document import Document
from longwriter_ui.export.reference import reference
from longwriter_ui.paths import ASSETS


def docx(document: Document) -> bytes:
    """The DOCX file; ExportError when it cannot be made."""
    return _render(document, "docx")


def odt(document: Document) -> bytes:
    """The ODT file; ExportError when it cannot be made."""
    return _render(document, "odt")


def _render(document: Document, to: str) -> bytes:
    wishes = {}
    if document.options.title_page:
        wishes["lw-title-page"] = "yes"
    if document.options.contents:
        wishes["lw-contents"] = document.label("contents")
    with reference(f".{to}", document) as path:
        return pandoc.convert(
            document, to, [f"--reference-doc={path}", f"--lua-filter={ASSETS / 'export.lua'}"], wishes
        )
