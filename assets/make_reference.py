"""Makes assets/reference.docx, the styles of every exported DOCX: pandoc's own, set for reading long prose.

    python assets/make_reference.py

Each style names a Latin and an East Asian font that Windows and macOS have; LibreOffice puts its own in their place.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pypandoc
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

INK = RGBColor(0x1F, 0x23, 0x28)
TEXT_FONTS = ("Georgia", "SimSun")
HEAD_FONTS = ("Georgia", "Microsoft YaHei")
HEADS = {"Title": 24, "Heading 1": 16, "Heading 2": 14, "Heading 3": 12, "Heading 4": 12}


def main() -> None:
    command = [pypandoc.get_pandoc_path(), "--print-default-data-file=reference.docx"]
    document = Document(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))
    for paragraph in document.paragraphs:
        paragraph.clear()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.8)
    section.top_margin = section.bottom_margin = Cm(2.5)

    set_fonts(document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"), TEXT_FONTS)
    for name in ("Body Text", "First Paragraph"):
        style = document.styles[name]
        style.font.size = Pt(11)
        style.paragraph_format.line_spacing = 1.35
        style.paragraph_format.space_before = Pt(0)
        style.paragraph_format.space_after = Pt(9)
    for name, size in HEADS.items():
        style = document.styles[name]
        set_fonts(style.element.get_or_add_rPr(), HEAD_FONTS)
        style.font.size = Pt(size)
        style.font.bold = True
        style.font.italic = False
        style.font.color.rgb = INK
        space(style, before=0 if name == "Title" else 16, after=18 if name == "Title" else 6)
    document.core_properties.title = document.core_properties.author = ""
    document.save(str(Path(__file__).with_name("reference.docx")))


def set_fonts(properties, fonts: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]  # an lxml element
    """Latin and East Asian font by name, in place of the theme's."""
    element = properties.get_or_add_rFonts()
    for name in list(element.attrib):
        del element.attrib[name]
    latin, east_asian = fonts
    for slot in ("ascii", "hAnsi", "cs"):
        element.set(qn(f"w:{slot}"), latin)
    element.set(qn("w:eastAsia"), east_asian)


def space(style: ParagraphStyle, before: int, after: int) -> None:
    style.paragraph_format.space_before = Pt(before)
    style.paragraph_format.space_after = Pt(after)


if __name__ == "__main__":
    main()
