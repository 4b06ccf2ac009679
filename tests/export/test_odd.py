"""200 drafts of odd Markdown, in every format, without an error and without losing a word.

The drafts are the cards of ten large ones: every card stands alone between blank lines, and a format is started ten
times instead of two hundred.
"""

from __future__ import annotations

import html.parser
import io
import random
import re
import subprocess
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable

import docx
import pytest

from longwriter_ui.draft import Draft
from longwriter_ui.export import FORMATS, cleaning
from longwriter_ui.export.document import Document, render
from longwriter_ui.export.options import Options
from tests.export.conftest import need

DRAFTS, BATCHES = 200, 10
WORDS = [
    "hill", "river", "tram", "window", "lisbon", "kettle", "naïve", "coöperate", "Straße", "ŵyll", "Ελλάδα", "Москва",
    "里斯本", "山丘", "ありがとう", "서울",
    "x1", "42", "3.14", "O'Neil", "e-mail", "snake_case", "2*3", "C:\\dir", "a/b",
]  # fmt: skip
RIGHT_TO_LEFT = ("مرحبا", "بالعالم", "שלום", "עולם")
ODD = (
    "**bold", "bold**", "*soft* **loud** ***both***", "_under_ __score", "`tick", "```", "~~~", "~~gone~~",
    "<b>tag</b>", "<img src=x onerror=alert(1)>", "<!-- hidden words -->", "<script>evil words</script>",
    "&amp; &lt;", "$x^2$ and $$sum_i$$", "\\begin{itemize} \\item word", "\\newpage", "| a | b |", "|", "a | b",
    "|---|", "---", "===", "[link](http://x.y)", "![image](/etc/hostname)", "[ref]: http://x.y 'title'", "[^1]",
    "[^1]: footnote words", "{#id .class}", "::: warning", "${alert(1)}", "{{value}}", "#let x = 1", "#", "######",
    "####### seven", "> ", "> quoted words", "- ", "* item words", "+ plus words", "1. first", "1986. year",
    "9999999999. big", "  indented", "    four spaces", "\ttab words", "@name", ":smile:", "http://x.y/z?a=b",
    "<http://x.y>", "\\* \\# \\_", "\\", "👍🏽 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "e\u0301 combined", "zero\u200bwidth", "soft\u00adhyphen", "no\u00a0break", "\u202eturned\u202c",
    "\u0000\u0007\u001b[31m", "\ufeffmark", "line\u2028separator", "page\ffeed", "vertical\u000btab",
    "supercalifragilistic" * 40, "里" * 500, "% percent", "\"quotes\" 'single' “curly”", "--- x", "...", "--", "<",
    ">", "&", "{", "}", "~", "^", "=", "!", "[INST]", "</s>", "term\n: definition", "Title\n=====", "one  \ntwo",
    "one\\\ntwo", "| h |\n|---|\n| cell words |", "[x] todo",
)  # fmt: skip


def odd_text(seed: int) -> str:
    """A few paragraphs of words with odd marks between them; every tenth draft also runs from right to left."""
    chance = random.Random(seed)
    paragraphs = []
    for _ in range(chance.randint(1, 4)):
        parts: list[str] = []
        for _ in range(chance.randint(1, 6)):
            parts += chance.choices(WORDS, k=chance.randint(0, 4))
            parts.append(chance.choice(ODD))
        if seed % 10 == 0:
            parts.insert(chance.randint(0, len(parts)), chance.choice(RIGHT_TO_LEFT))
        paragraphs.append("".join(part + chance.choice((" ", " ", " ", "\n", "")) for part in parts))
    return f"Draft{seed} begins.\n\n" + "\n\n".join(paragraphs)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [odd_text(seed) for seed in range(DRAFTS)]


def batches(texts: list[str], draft_of: Callable[..., Draft], clean: bool = True) -> list[tuple[list[str], Document]]:
    size = DRAFTS // BATCHES
    groups = [texts[n : n + size] for n in range(0, DRAFTS, size)]
    return [(group, render(draft_of(*group), Options(clean=clean))) for group in groups]


def words(text: str) -> list[str]:
    """Every letter of a text in order, cut where a draft begins, without regard to how letters are encoded."""
    text = unicodedata.normalize("NFKC", re.sub("[\u200b\u00ad]", "", text))
    return re.split(r"(?=Draft\d+begins)", "".join(c for c in text if c.isalpha() or (c.isdigit() and c.isascii())))


def read_markdown(data: bytes) -> str:
    return data.decode()


def read_docx(data: bytes) -> str:
    document = docx.Document(io.BytesIO(data))
    return "".join(document.element.body.itertext("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"))


def read_odt(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ET.fromstring(archive.read("content.xml"))
    body = root.find("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}body")
    assert body is not None
    return "".join(body.itertext())


def read_epub(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        chapters = sorted(name for name in archive.namelist() if re.search(r"/ch\d+\.xhtml$", name))
        roots = [ET.fromstring(archive.read(name)) for name in chapters]
    space = "{http://www.w3.org/1999/xhtml}"
    return "".join("".join(body.itertext()) for root in roots if (body := root.find(f"{space}body")) is not None)


class Text(html.parser.HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page[page.index("</header>") :])

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def read_html(data: bytes) -> str:
    return "".join(Text(data.decode()).found)


READERS = {
    ".md": read_markdown,
    ".docx": read_docx,
    ".odt": read_odt,
    ".epub": read_epub,
    ".html": read_html,
    ".txt": read_markdown,
}


# Marks that hold letters or digits of their own, in which a list is numbered anew for example.
def without_numbers(text: str) -> str:
    return re.sub(r"(?m)^([ \t>]*(?:[-*+][ \t]+)*)\d{1,3}[.)](?=\s|$)", r"\1", text)


@pytest.mark.parametrize(("suffix", "clean"), [*((suffix, True) for suffix in READERS), (".md", False)])
def test_no_word_is_lost(suffix: str, clean: bool, texts: list[str], draft_of: Callable[..., Draft]) -> None:
    for group, document in batches(texts, draft_of, clean):
        read = READERS[suffix](FORMATS[suffix](document))
        for text, shown in zip(group, words(without_numbers(read))[1:], strict=True):
            assert shown == "".join(words(without_numbers(text))), text


def test_no_word_is_lost_on_the_pages_of_the_pdf(texts: list[str], draft_of: Callable[..., Draft], tmp_path) -> None:
    """By letters only: pages have numbers, and what runs from right to left is read in another order."""
    need("pdftotext")
    for group, document in batches(texts, draft_of):
        (tmp_path / "out.pdf").write_bytes(FORMATS[".pdf"](document))
        command = ["pdftotext", "-raw", tmp_path / "out.pdf", "-"]
        shown = unicodedata.normalize("NFKC", subprocess.run(command, check=True, capture_output=True).stdout.decode())
        squeezed = re.sub(r"[^\w]|[\u200e-\u202e]", "", shown)
        for text in group:
            for word in re.findall(r"[^\W\d_]{3,}", unicodedata.normalize("NFKC", text)):
                beginning = word if len(word) < 30 else word[:10]
                assert beginning in squeezed or beginning[::-1] in squeezed, (word, text)


def test_cleaning_takes_no_word_of_the_odd_drafts(texts: list[str]) -> None:
    for text in texts:
        assert words(cleaning.clean([text])[0]) == words(text)
