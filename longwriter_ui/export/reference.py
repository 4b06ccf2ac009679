"""The reference documents in assets/, set to the paper and the font that a person chose.

assets/make_reference.py made them, with the names and sizes that are replaced here.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from longwriter_ui.errors import ExportError
from longwriter_ui.export.document import Document
from longwriter_ui.export.options import Font, Paper
from longwriter_ui.paths import ASSETS

_SERIF = ("Georgia", "SimSun")
_SANS = ("Calibri", "Microsoft YaHei")
_MARGIN = {Paper.A5: 18.0}  # millimetres at the left and the right; on other paper as in the reference
_USUAL_MARGIN = 28.0
_USUAL_LINE = 210.0 - 2 * _USUAL_MARGIN
_EAST_ASIAN = {"ja": "JP", "ko": "KR"}  # pandoc sets the language of Latin letters only; Chinese is set already
_COMPLEX = {"ar", "he", "fa", "hi", "th"}
_TITLE_DROP = 170  # points above a title that has a page of its own


@contextmanager
def reference(suffix: str, document: Document) -> Iterator[Path]:
    """A temporary reference document of the kind `suffix` (".docx", ".odt"); ExportError where it cannot be made."""
    try:
        with tempfile.TemporaryDirectory(prefix="longwriter-") as folder:
            path = Path(folder) / f"reference{suffix}"
            path.write_bytes(_patched(suffix, document))
            yield path
    except OSError as error:
        raise ExportError(
            f"The file could not be made: {error.strerror or error}.",
            f"Is there space in {tempfile.gettempdir()}? The application's folder assets/ must be whole, too.",
        ) from error


def _patched(suffix: str, document: Document) -> bytes:
    patches = _DOCX if suffix == ".docx" else _ODT
    result = io.BytesIO()
    with zipfile.ZipFile(ASSETS / f"reference{suffix}") as source, zipfile.ZipFile(result, "w") as target:
        for member in source.infolist():
            data = source.read(member)
            if member.filename in patches:
                data = patches[member.filename](data.decode(), document).encode()
            target.writestr(member, data)
    return result.getvalue()


def _docx_styles(xml: str, document: Document) -> str:
    options = document.options
    if options.font is Font.SANS:
        for old, new in zip(_SERIF, _SANS, strict=True):
            xml = xml.replace(f'"{old}"', f'"{new}"')
    tab = round(_line(options.paper) / 25.4 * 1440)  # of page numbers in the table of contents
    xml = re.sub(r'(<w:tab w:pos=")\d+(?=" w:val="right" w:leader="dot")', rf"\g<1>{tab}", xml)
    if options.title_page:
        xml = re.sub(
            r'(w:styleId="Title".*?<w:spacing [^>]*w:before=")\d+',
            rf"\g<1>{20 * _TITLE_DROP}",
            xml,
            count=1,
            flags=re.S,
        )
    return xml


def _docx_document(xml: str, document: Document) -> str:
    options = document.options
    width, height = (round(mm / 25.4 * 1440) for mm in options.paper.millimetres)
    xml = re.sub(r"<w:pgSz [^>]*/>", f'<w:pgSz w:w="{width}" w:h="{height}"/>', xml)
    margin = round(_margin(options.paper) / 25.4 * 1440)
    xml = re.sub(r'(w:(?:left|right)=")\d+(?="[^>]*w:top=)', rf"\g<1>{margin}", xml)
    if options.title_page:
        xml = xml.replace("</w:sectPr>", "<w:titlePg/></w:sectPr>")  # the first page has no number
    return xml


def _odt_styles(xml: str, document: Document) -> str:
    options = document.options
    width, height = options.paper.millimetres
    xml = re.sub(r'fo:page-width="[^"]*"', f'fo:page-width="{width}mm"', xml)
    xml = re.sub(r'fo:page-height="[^"]*"', f'fo:page-height="{height}mm"', xml)
    xml = xml.replace(f'"{_USUAL_MARGIN / 10}cm"', f'"{_margin(options.paper)}mm"')
    shorter = (_USUAL_LINE - _line(options.paper)) / 10
    xml = re.sub(
        r'(style:position=")([\d.]+)(cm" style:type="right")',
        lambda match: f"{match[1]}{float(match[2]) - shorter:.2f}{match[3]}",
        xml,
    )
    if document.language in _EAST_ASIAN:
        country = _EAST_ASIAN[document.language]
        xml = xml.replace('language-asian="zh"', f'language-asian="{document.language}"')
        xml = xml.replace('country-asian="CN"', f'country-asian="{country}"')
    if document.language in _COMPLEX:
        xml = xml.replace('language-complex="zxx"', f'language-complex="{document.language}"')
    if options.font is Font.SANS:
        for old, new in zip(_SERIF, _SANS, strict=True):
            xml = xml.replace(f'"{old}"', f'"{new}"').replace(f"'{old}'", f"'{new}'")
    if options.title_page:
        xml = re.sub(
            r'(<style:style style:name="Title"[^>]*)(>.*?fo:margin-top=")[^"]*',
            rf'\g<1> style:master-page-name="First_20_Page"\g<2>{_TITLE_DROP}pt',
            xml,
            count=1,
            flags=re.S,
        )
    return xml


def _margin(paper: Paper) -> float:
    return _MARGIN.get(paper, _USUAL_MARGIN)


def _line(paper: Paper) -> float:
    """Millimetres between the margins."""
    return paper.millimetres[0] - 2 * _margin(paper)


_Patch = Callable[[str, Document], str]
_DOCX: dict[str, _Patch] = {"word/styles.xml": _docx_styles, "word/document.xml": _docx_document}
_ODT: dict[str, _Patch] = {"styles.xml": _odt_styles}
