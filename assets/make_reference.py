"""Makes assets/reference.docx and assets/reference.odt, the styles of every exported DOCX and ODT: pandoc's own, set
for reading long prose.

    python assets/make_reference.py

Each style names a Latin and an East Asian font that Windows and macOS have; LibreOffice puts its own in their place.
`longwriter_ui/export/reference.py` replaces paper, fonts and the room above the title where a person chose others.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pypandoc
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from lxml import etree

INK = RGBColor(0x1F, 0x23, 0x28)
TEXT_FONTS = ("Georgia", "SimSun")
HEAD_FONTS = ("Georgia", "Microsoft YaHei")
HEADS = {"Title": 24, "Heading 1": 16, "Heading 2": 14, "Heading 3": 12, "Heading 4": 12}
MARGIN, TOP_MARGIN = Cm(2.8), Cm(2.5)
LINE = Cm(21) - 2 * MARGIN  # width of a line of text
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
ODT_BOLD = 'fo:font-weight="bold" style:font-weight-asian="bold" style:font-weight-complex="bold"'
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"


def main() -> None:
    folder = Path(__file__).parent
    make_docx(folder / "reference.docx")
    make_odt(folder / "reference.odt")


def default(name: str) -> bytes:
    command = [pypandoc.get_pandoc_path(), f"--print-default-data-file={name}"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def make_docx(path: Path) -> None:
    document = Document(io.BytesIO(default("reference.docx")))
    for paragraph in document.paragraphs:
        paragraph.clear()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = MARGIN
    section.top_margin = section.bottom_margin = TOP_MARGIN
    number_pages(section.footer.paragraphs[0])

    set_fonts(document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"), TEXT_FONTS)
    for name in ("Body Text", "First Paragraph"):
        style = document.styles[name]
        style.font.size = Pt(11)
        style.paragraph_format.line_spacing = 1.35
        style.paragraph_format.widow_control = True
        space(style, before=0, after=9)
    for name, size in HEADS.items():
        style = document.styles[name]
        set_fonts(style.element.get_or_add_rPr(), HEAD_FONTS)
        style.font.size = Pt(size)
        style.font.bold = True
        style.font.italic = False
        style.font.color.rgb = INK
        space(style, before=0 if name == "Title" else 16, after=18 if name == "Title" else 6)
    for name in ("Author", "Date"):
        style = document.styles[name]
        style.font.bold = False
        style.font.size = Pt(12)
        space(style, before=0, after=12)
    heading = document.styles["TOC Heading"]
    set_fonts(heading.element.get_or_add_rPr(), HEAD_FONTS)
    heading.font.size, heading.font.bold, heading.font.color.rgb = Pt(16), True, INK
    space(heading, before=0, after=12)

    quote = add_style(document, "Quote")
    quote.paragraph_format.left_indent = quote.paragraph_format.right_indent = Cm(1)
    quote.font.italic = True
    for name in ("List Bullet", "List Number"):
        space(add_style(document, name), before=0, after=4)
    for level in (1, 2, 3):
        contents = add_style(document, f"TOC {level}")
        contents.paragraph_format.left_indent = Cm(0.6 * (level - 1))
        contents.paragraph_format.tab_stops.add_tab_stop(LINE, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        space(contents, before=0, after=4)
    draw_table(document.styles["Table"].element)
    document.core_properties.title = document.core_properties.author = ""
    document.save(str(path))


def add_style(document: Document, name: str) -> ParagraphStyle:  # type: ignore[valid-type]
    """A style that Word has built in, based on Body Text."""
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    style.base_style = document.styles["Body Text"]
    style.next_paragraph_style = style
    style.quick_style = True
    return style


def number_pages(paragraph) -> None:  # type: ignore[no-untyped-def]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", " PAGE "), ("separate", ""), ("", "1"), ("end", "")):
        run = paragraph.add_run()
        run.font.size = Pt(9)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif text == "1":
            run.text = text
        else:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._r.append(code)


def draw_table(style) -> None:  # type: ignore[no-untyped-def]
    """Thin lines between rows and around the table."""
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="8C959F"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    properties = style.find(qn("w:tblPr"))
    properties.find(qn("w:tblInd")).addnext(parse_xml(f"<w:tblBorders {nsdecls('w')}>{lines}</w:tblBorders>"))


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


def make_odt(path: Path) -> None:
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(default("reference.odt"))) as source, zipfile.ZipFile(result, "w") as target:
        for member in source.infolist():
            data = source.read(member)
            target.writestr(member, odt_styles(data) if member.filename == "styles.xml" else data)
    path.write_bytes(result.getvalue())


def odt_styles(xml: bytes) -> bytes:
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    fonts = root.find(f"{{{OFFICE}}}font-face-decls")
    for name in dict.fromkeys((*TEXT_FONTS, *HEAD_FONTS)):
        fonts.append(odt(f'<style:font-face style:name="{name}" svg:font-family="\'{name}\'"/>'))
    styles = root.find(f"{{{OFFICE}}}styles")
    ours = {
        "Standard": odt_style("Standard", "", "", odt_fonts(TEXT_FONTS)),
        "Text body": odt_style("Text body", "Standard", 'fo:margin-bottom="9pt" fo:line-height="135%"', odt_size(11)),
        "Author": odt_style("Author", "Standard", 'fo:text-align="center" fo:margin-bottom="12pt"', odt_size(12)),
        "Date": odt_style("Date", "Standard", 'fo:text-align="center" fo:margin-bottom="12pt"', odt_size(12)),
        "Quotations": odt_style(
            "Quotations", "Text body", 'fo:margin-left="1cm" fo:margin-right="1cm"', 'fo:font-style="italic"'
        ),
        "Page Break": odt_style("Page Break", "Standard", 'fo:break-after="page"', ""),
        "Contents Heading": odt_style("Contents Heading", "Heading 1", 'fo:margin-bottom="12pt"', ""),
    }
    for name, size in HEADS.items():
        place = 'fo:text-align="center" fo:margin-top="0pt" fo:margin-bottom="18pt"'
        if name != "Title":
            place = 'fo:margin-top="16pt" fo:margin-bottom="6pt" fo:keep-with-next="always"'
        look = f'{odt_fonts(HEAD_FONTS)} {odt_size(size)} {ODT_BOLD} fo:color="#{INK}"'
        level = f' style:default-outline-level="{name[-1]}"' if name != "Title" else ""
        ours[name] = odt_style(name, "Standard", place, look, level)
    for level in (1, 2, 3):
        place = f'style:position="{LINE / Cm(1) - 0.6 * (level - 1):.2f}cm" style:type="right"'
        tab = f'<style:tab-stop {place} style:leader-style="dotted" style:leader-text="."/>'
        ours[f"Contents {level}"] = odt_style(
            f"Contents {level}", "Standard", f'fo:margin-left="{0.6 * (level - 1):.1f}cm" fo:margin-bottom="4pt"', "",
            inner=f"<style:tab-stops>{tab}</style:tab-stops>",
        )  # fmt: skip
    for style in list(styles):
        if style.get(f"{{{STYLE}}}name", "").replace("_20_", " ") in ours:
            styles.remove(style)
    for style in ours.values():
        styles.append(style)
    styles.append(odt('<style:style style:name="Contents_20_Link" style:family="text"/>'))  # no underline
    for properties in root.iter(f"{{{STYLE}}}text-properties"):
        if properties.get(f"{{{STYLE}}}language-asian"):
            properties.set(f"{{{STYLE}}}language-asian", "zh")
            properties.set(f"{{{STYLE}}}country-asian", "CN")
    set_odt_pages(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def set_odt_pages(root) -> None:  # type: ignore[no-untyped-def]
    """Paper and margins, and a first page without a number for titles."""
    page = root.find(f".//{{{STYLE}}}page-layout-properties")
    prefix = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
    values = {"page-width": "21cm", "page-height": "29.7cm", "margin-left": "2.8cm", "margin-right": "2.8cm"}
    for name, value in {**values, "margin-top": "2.5cm", "margin-bottom": "1.5cm"}.items():
        page.set(prefix + name, value)
    layout = page.getparent().get(f"{{{STYLE}}}name")
    root.find(f"{{{OFFICE}}}master-styles").append(
        odt(
            f'<style:master-page style:name="First_20_Page" style:display-name="First Page" '
            f'style:page-layout-name="{layout}" style:next-style-name="Standard"/>'
        )
    )


def odt(xml: str):  # type: ignore[no-untyped-def]
    spaces = {"style": "style", "fo": "xsl-fo-compatible", "svg": "svg-compatible"}
    declared = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{u}:1.0"' for n, u in spaces.items())
    return etree.fromstring(f"<r {declared}>{xml}</r>")[0]


def odt_style(name: str, parent: str, place: str, look: str, level: str = "", inner: str = ""):  # type: ignore[no-untyped-def]
    based = f' style:parent-style-name="{parent.replace(" ", "_20_")}"' if parent else ""
    return odt(
        f'<style:style style:name="{name.replace(" ", "_20_")}" style:display-name="{name}" '
        f'style:family="paragraph"{based}{level} style:class="text">'
        f"<style:paragraph-properties {place}>{inner}</style:paragraph-properties>"
        f"<style:text-properties {look}/></style:style>"
    )


def odt_fonts(fonts: tuple[str, str]) -> str:
    return f'style:font-name="{fonts[0]}" style:font-name-asian="{fonts[1]}"'


def odt_size(points: int) -> str:
    return f'fo:font-size="{points}pt" style:font-size-asian="{points}pt" style:font-size-complex="{points}pt"'


if __name__ == "__main__":
    main()
