"""How long a draft of 30,000 words takes in each format.

    python -m bench.export [--words N] [--runs N] [--language en|zh] [--json]

Each figure is the median of the runs in seconds, with the size of the file; the first run, which starts programs and
reads fonts, is told apart.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.export import FORMATS, export
from longwriter_ui.export.options import Options
from longwriter_ui.plan import Step

SENTENCES = {
    "en": "The ferry left the quay at six, and nobody on the wall could say where it would be by the evening. ",
    "zh": "渡船六点离开码头，站在堤上的人都说不出它傍晚会到哪里去。",
}
STEP = 500  # words of one paragraph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=30_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--language", choices=list(SENTENCES), default="en")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    draft = long_draft(arguments.words, arguments.language)
    figures = {suffix[1:]: measure(draft, suffix, arguments.runs) for suffix in FORMATS}
    if arguments.json:
        about = {"words": draft.words, "language": arguments.language, "machine": platform.platform()}
        print(json.dumps({**about, "formats": figures}, indent=2))
        return
    print(f"{draft.words:,} words")
    for name, figure in figures.items():
        print(f"{name:5}  {figure['seconds']:6.2f} s   first {figure['first']:6.2f} s   {figure['bytes']:>10,} bytes")


def long_draft(words: int, language: str) -> Draft:
    """A draft of at least `words` words in paragraphs with subtitles, emphasis, lists and quotations."""
    sentence = SENTENCES[language]
    brief = Brief("Write a long piece.", max(50, words), language)
    each = Draft("", "", brief).count(sentence)
    body = sentence * (STEP // each // 4)
    text = f"## {sentence[:12].strip()}\n\n{body}\n\n> {body}\n\n- {body}\n- **{sentence.strip()}**\n\n{body}"
    count = words // Draft("", "", brief).count(text) + 1
    paragraphs = tuple(
        Paragraph(Step(f"Part {n}", STEP), status=Status.WRITTEN, version=Version(text, Author.MODEL))
        for n in range(count)
    )
    return Draft("bench", "A long piece", brief, paragraphs=paragraphs)


def measure(draft: Draft, suffix: str, runs: int) -> dict[str, float]:
    """Median and first time in seconds, and the size of the file."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out{suffix}"
        for _ in range(max(1, runs)):
            began = time.perf_counter()
            export(draft, path, Options(contents=True, title_page=True))
            times.append(time.perf_counter() - began)
        size = path.stat().st_size
    return {"seconds": round(statistics.median(times), 3), "first": round(times[0], 3), "bytes": size}


if __name__ == "__main__":
    main()
