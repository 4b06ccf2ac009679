"""HTML as one file that needs no other, and EPUB 3; both through pandoc, both with assets/export.css."""

from __future__ import annotations

import io
import uuid
import zipfile

from longwriter_ui.errors import ExportError
from longwriter_ui.export import pandoc
from longwriter_ui.export.document import Document
from longwriter_ui.export.literal import top_heading
from longwriter_ui.paths import ASSETS


def html(document: Document) -> bytes:
    """One HTML file; ExportError when it cannot be made. It loads nothing, and a browser that opens it is told so."""
    options = document.options
    arguments = [
        f"{pandoc.READER}+gfm_auto_identifiers",  # what the table of contents leads to
        "--standalone",
        f"--template={ASSETS / 'export.html'}",
        f"--variable=lw-css:{_css(document)}",
        f"--variable=lw-paper:{options.paper.value}",
        f"--variable=lw-contents:{document.label('contents')}",
        *(["--variable=lw-title-page:yes"] if options.title_page else []),
        *(["--toc", "--toc-depth=3"] if options.contents else []),
        # The title is the one <h1>.
        f"--shift-heading-level-by={2 - top_heading(document.body)}",
    ]
    facts = {"description-meta": " ".join(document.brief.split())} if options.metadata else {}
    return pandoc.convert(document, "html5", arguments, facts)


def epub(document: Document) -> bytes:
    """An EPUB 3 whose chapters are the highest headings; ExportError when it cannot be made."""
    options = document.options
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{document.title}\n{document.body}")
    arguments = [
        f"--epub-title-page={'true' if options.title_page else 'false'}",
        f"--metadata=identifier:urn:uuid:{identity}",
        *(["--toc", "--toc-depth=3"] if options.contents else []),
    ]
    book = pandoc.convert(document, "epub3", arguments, {"toc-title": document.label("contents")})
    return _with_styles(book, _css(document))


def _css(document: Document) -> str:
    try:
        rules = (ASSETS / "export.css").read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"The file could not be made: {error.strerror or error}.", "The application's folder assets/ is not whole."
        ) from error
    return f"{rules}:root {{ --text: var(--{document.options.font.value}); }}"


def _with_styles(book: bytes, css: str) -> bytes:
    """The EPUB with our rules in place of pandoc's, which it could not read from a file in its sandbox."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(result, "w") as target:
        for member in source.infolist():
            data = css.encode() if member.filename.endswith("stylesheet1.css") else source.read(member)
            target.writestr(member, data)  # keeps the order and each one's way of compression, as EPUB demands
    return result.getvalue()
