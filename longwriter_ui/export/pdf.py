"""PDF through pandoc's Typst and the typst package, with the fonts that this machine has."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable

from longwriter_ui.errors import ExportError
from longwriter_ui.export import pandoc
from longwriter_ui.export.document import Document
from longwriter_ui.export.options import Font, Paper
from longwriter_ui.paths import ASSETS

# In order of preference; Typst takes the letters that the first one lacks from the next. The first of SERIF comes
# with Typst itself.
_SERIF = ("Libertinus Serif", "Georgia", "Noto Serif", "Times New Roman")
_SANS = ("Helvetica Neue", "Segoe UI", "Noto Sans", "Arial", "Liberation Sans", "DejaVu Sans")
_SONG = ("Source Han Serif SC", "Noto Serif CJK SC", "Noto Serif SC", "Songti SC", "STSong", "SimSun")
_HEI = ("Source Han Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei")
_MINCHO = ("Source Han Serif", "Noto Serif CJK JP", "Noto Serif JP", "Hiragino Mincho ProN", "Yu Mincho", "MS Mincho")
_BATANG = ("Source Han Serif K", "Noto Serif CJK KR", "Noto Serif KR", "AppleMyungjo", "Batang", "Malgun Gothic")
_SCRIPTS = {
    "Arabic": ("Noto Naskh Arabic", "Noto Sans Arabic", "Geeza Pro", "Amiri", "Arial", "Times New Roman"),
    "Hebrew": ("Noto Serif Hebrew", "Noto Sans Hebrew", "Arial Hebrew", "Arial", "Times New Roman", "DejaVu Sans"),
    "Thai": ("Noto Serif Thai", "Noto Sans Thai", "Thonburi", "Leelawadee UI", "Tahoma"),
    "Devanagari": ("Noto Serif Devanagari", "Noto Sans Devanagari", "Kohinoor Devanagari", "Nirmala UI", "Mangal"),
}
_EMOJI = ("Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji")
_RANGES = {
    "Chinese": re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
    "Japanese": re.compile("[\u3040-\u30ff]"),
    "Korean": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "Arabic": re.compile("[\u0600-\u06ff]"),
    "Hebrew": re.compile("[\u0590-\u05ff]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Devanagari": re.compile("[\u0900-\u097f]"),
}
_MARGIN = {Paper.A5: "(x: 1.8cm, y: 2cm)"}
_PAPER = {Paper.A4: "a4", Paper.A5: "a5", Paper.LETTER: "us-letter"}


def render(document: Document) -> bytes:
    """The PDF; ExportError when it cannot be made, or when no font here has the letters of its text."""
    options = document.options
    strings = {
        "lw-paper": _PAPER[options.paper],
        "lw-margin": _MARGIN.get(options.paper, "(x: 2.8cm, y: 2.5cm)"),
        "lw-lang": document.language,
        "lw-author": _inside_string(options.author),
        "lw-fonts": "".join(f"{json.dumps(name)}, " for name in _fonts(document)),
        "lw-contents": document.label("contents") if options.contents else "",
        "lw-description": _inside_string(document.brief) if options.metadata else "",
        "lw-title-page": "yes" if options.title_page else "",
    }
    variables = [f"--variable={name}:{value}" for name, value in strings.items() if value]
    source = pandoc.convert(document, "typst", ["--standalone", f"--template={ASSETS / 'export.typ'}", *variables])
    return _compile(source)


def _compile(source: bytes) -> bytes:
    try:
        import typst

        with tempfile.TemporaryDirectory(prefix="longwriter-") as folder:  # nothing to read in there
            # Its types want the root to be bytes when the source is.
            result = typst.compile(source, root=folder, format="pdf")  # type: ignore[call-overload]
    except (ImportError, OSError, RuntimeError) as error:
        raise ExportError(
            f"The PDF file could not be made: {error}", "Install the requirements again (typst), or export DOCX."
        ) from error
    if not isinstance(result, bytes):
        raise ExportError("The PDF file could not be made: Typst returned no file.", "Export DOCX instead.")
    return result


def _fonts(document: Document) -> list[str]:
    """The families to set the text in, those of them that are there."""
    try:
        import typst

        here = set(typst.Fonts().families())
    except (ImportError, OSError, RuntimeError) as error:
        raise ExportError(
            f"The PDF file could not be made: {error}", "Install the requirements again (typst), or export DOCX."
        ) from error
    text = f"{document.title}{document.options.author}{document.body}"
    sans = document.options.font is Font.SANS
    east_asian = {"Chinese": _HEI if sans else _SONG, "Japanese": _MINCHO, "Korean": _BATANG}
    if document.language in ("ja", "ko"):  # their own shapes of the shared characters first
        name = {"ja": "Japanese", "ko": "Korean"}[document.language]
        east_asian = {name: east_asian.pop(name), **east_asian}
    every = [font for families in east_asian.values() for font in families]
    chosen = [family for family in (*(_SANS if sans else ()), *_SERIF) if family in here]
    for script, families in {**east_asian, **_SCRIPTS}.items():
        if not _RANGES[script].search(text):
            continue
        found = [family for family in families if family in here]
        # Any of the East Asian fonts has the characters of the others, if not their preferred shapes.
        found = found or [family for family in every if script in east_asian and family in here]
        if not found:
            raise ExportError(
                f"No font for {script} was found on this machine, so the PDF would show empty boxes.",
                f"Install one, such as {_advice(families)}, or export DOCX.",
            )
        chosen += found
    return [*dict.fromkeys(chosen), *(family for family in _EMOJI if family in here)]


def _advice(families: Iterable[str]) -> str:
    return next(family for family in families if family.startswith("Noto"))


def _inside_string(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=False)[1:-1]
