"""The report: what it says, in a page that needs no other file and in Markdown."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from longwriter_ui.evaluate.pages import Document, Section, Table, html, markdown
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.evaluate.report import write_report
from longwriter_ui.evaluate.results import Results, ahead
from longwriter_ui.evaluate.run import Run
from longwriter_ui.jsonl import dump_lines

EVIL = '<script>alert(1)</script> | "x" `y` ${z}'


def make_run(folder: Path, factor: float, *, ruler: bool = False, judge: str = "") -> Run:
    """Pieces of `factor` times the length asked for."""
    folder.mkdir()
    lines = []
    for n, (length, language) in enumerate([(100, "en"), (600, "zh"), (2500, "en"), (6000, "zh")]):
        words = round(length * factor)
        text = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}" for i in range(words))
        text = re.sub(r"\d", "", text)
        kind = "Ruler" if ruler else EVIL
        lines.append(
            {"prompt": f"Prompt {n}", "type": kind, "length": length, "response_length": words, "response": text,
             "n": n, "language": language, "problem": "It broke." if n == 3 else ""}
        )  # fmt: skip
    (folder / "pred.jsonl").write_bytes(dump_lines(lines))
    (folder / "run.json").write_text(json.dumps({"model": EVIL, "mode": "conversation", "seed": 4, "sampling": {}}))
    if judge:
        scores = [{"n": n, "scores": dict.fromkeys(DIMENSIONS, n + 2), "malformed": 0} for n in range(3)]
        lost = [{"n": 3, "scores": None, "malformed": 3, "problem": "none"}]
        (folder / "quality.j.jsonl").write_bytes(dump_lines([{"judge": {"name": judge}}, *scores, *lost]))
    return Run(folder)


class Outline(HTMLParser):
    """Tags, and the cells of all tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if self.tags and tag in ("td", "th"):
            self.cells.append("")
            self._in_cell = True
        self.links = [value for name, value in attrs if name in ("src", "href")]
        assert all(value is not None and value.startswith("data:image/svg+xml;base64,") for value in self.links)

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data


def test_a_report_of_two_runs_holds_their_figures_and_plots(tmp_path: Path):
    first, second = make_run(tmp_path / "short", 0.5, judge="Judge A"), make_run(tmp_path / "right", 1.0)
    written = write_report([first, second], tmp_path / "out")
    page = written.html.read_text(encoding="utf-8")
    outline = Outline(page)
    assert "script" not in outline.tags
    assert outline.tags.count("img") == 3  # lengths, quality, repetition
    cells = outline.cells
    assert EVIL in cells
    assert "50.0 (50.0 to 50.0)" in cells and "100.0 (100.0 to 100.0)" in cells
    assert "+50.0 (+50.0 to +50.0)" in cells  # the second run against the first
    bins = cells.index("[0, 500)")
    assert cells[bins : bins + 2] == ["[0, 500)", "short"]  # side by side: first the bin, then the runs in it
    assert cells[bins + 7 : bins + 9] == ["[0, 500)", "right"]
    assert cells.count("Chinese") == 3  # both runs' lengths, and what was judged of one
    assert cells[cells.index("Malformed answers only") + 1] == "1"
    assert "Quality, judged by Judge A" in page
    text = written.markdown.read_text(encoding="utf-8")
    assert "50.0 (50.0 to 50.0)" in text
    for plot in ("lengths", "quality-1", "repetition"):
        assert f"]({plot}.png)" in text
        assert (tmp_path / "out" / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (tmp_path / "out" / f"{plot}.svg").read_bytes()


def test_the_same_run_makes_the_same_report(tmp_path: Path):
    run = make_run(tmp_path / "run", 0.8)
    pages = [write_report([run], tmp_path / name).html.read_bytes() for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_runs_of_the_same_name_are_told_apart(tmp_path: Path):
    for name in "xy":
        (tmp_path / name).mkdir()
    runs = [make_run(tmp_path / name / "run", 1.0) for name in "xy"]
    cells = Outline(write_report(runs, tmp_path / "out").html.read_text(encoding="utf-8")).cells
    assert cells[:3] == ["Run", "run", "run (2)"]


def test_quality_means_leave_out_what_could_not_be_judged(tmp_path: Path):
    results = Results.of_run(make_run(tmp_path / "run", 1.0, judge="Judge A"))
    [judged] = results.judged
    # 2, 3 and 4 of 5 are 25, 50 and 75.
    assert judged.total is not None and judged.total.mean == pytest.approx(50)
    assert (judged.malformed, judged.failed, len(judged.judgements)) == (1, 0, 3)
    overall = results.overall(judged)
    assert overall is not None and overall.mean == pytest.approx(75) and overall.count == 3
    means = {name: results.quality(judged, pieces) for name, pieces in results.parts.items()}
    assert {name: mean.mean for name, mean in means.items() if mean} == pytest.approx(
        {"[0, 500)": 25, "[500, 2,000)": 50, "[2,000, 4,000)": 75, "English": 50, "Chinese": 50}
    )


def test_the_ruler_has_its_own_part(tmp_path: Path):
    run = make_run(tmp_path / "ruler", 0.5, ruler=True)
    lines = [p.values() | {"finish_reason": "stop" if p.n < 3 else "length"} for p in run.predictions()]
    run.predictions_file.write_bytes(dump_lines(lines))
    written = write_report([run], tmp_path / "out")
    text = written.markdown.read_text(encoding="utf-8")
    assert "the longest answer has 3,000 words" in text
    assert "| ruler | 2,500 | 1,250 | 1,250 | 1 of 1 |" in text
    assert "| ruler | 6,000 | 3,000 | 3,000 | 0 of 1 |" in text
    assert (tmp_path / "out" / "ruler.svg").exists()


def test_a_run_with_nothing_written_has_a_report_too(tmp_path: Path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "pred.jsonl").write_text("")
    written = write_report([Run(folder)], tmp_path / "out")
    assert "0 of 0" in written.markdown.read_text(encoding="utf-8")


def test_runs_are_compared_over_what_both_have_written(tmp_path: Path):
    first, second = (Results.of_run(make_run(tmp_path / name, factor)) for name, factor in (("a", 0.5), ("b", 0.8)))
    scores = [{piece.prediction.prompt: piece.score for piece in run.pieces} for run in (first, second)]
    lead = ahead(*scores)
    assert lead is not None and lead.count == 4
    assert lead.mean == pytest.approx(37.5)
    scores[1].popitem()
    lead = ahead(*scores)
    assert lead is not None and lead.count == 3
    assert ahead(scores[0], {}) is None


def test_quality_is_compared_prompt_by_prompt_too(tmp_path: Path):
    runs = [make_run(tmp_path / name, 1.0, judge="Judge A") for name in ("a", "b")]
    page = write_report(runs, tmp_path / "out").html.read_text(encoding="utf-8")
    cells = Outline(page).cells
    at = cells.index("Quality ahead by")
    assert cells[at + 1 : at + 4] == ["b against a", "3", "+0.0 (+0.0 to +0.0)"]


def test_a_single_piece_has_no_interval_and_one_without_words_is_told(tmp_path: Path):
    run = make_run(tmp_path / "run", 0.0)
    text = write_report([run], tmp_path / "out").markdown.read_text(encoding="utf-8")
    assert "| \\[0, 500) | run | 1 | 0 | 100 | 0 | 0.0 |" in text
    assert "run: pieces without a word, which the plot cannot show: 4." in text


def test_text_of_models_stays_text_in_both_forms():
    document = Document(EVIL, (Section(EVIL, (EVIL,), (Table((EVIL,), ((EVIL,),), EVIL),)),))
    assert "<script>" not in html(document)
    assert "<script>" not in markdown(document)
    [row] = [line for line in markdown(document).splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert row.count("|") - row.count("\\|") == 2
