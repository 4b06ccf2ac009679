"""The report on one run or several side by side: what it says, as a document of tables and plots.

`pages` turns the document into HTML and Markdown, so both say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.errors import ExportError
from longwriter_ui.evaluate import pages, plots
from longwriter_ui.evaluate.confidence import DRAWS, Interval
from longwriter_ui.evaluate.pages import Document, Section, Table
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.evaluate.results import Group, Judged, Results, ahead
from longwriter_ui.evaluate.run import Run
from longwriter_ui.export.files import write_whole
from longwriter_ui.jsonl import Json
from longwriter_ui.words import LANGUAGES

_PASSAGE = 300  # characters of a repeated passage that are quoted


@dataclass(frozen=True)
class Written:
    """The files of a report."""

    html: Path
    markdown: Path


def write_report(runs: Sequence[Run], folder: Path) -> Written:
    """Write report.html, report.md and the plots into `folder`; ExportError. The HTML page needs none of the others."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", "Choose another place."
        ) from error
    document = report([Results.of_run(run) for run in runs])
    for plot in document.plots:
        write_whole(folder / f"{plot.name}.png", plot.png)
        write_whole(folder / f"{plot.name}.svg", plot.svg)
    html, markdown = folder / "report.html", folder / "report.md"
    write_whole(html, pages.html(document).encode())
    write_whole(markdown, pages.markdown(document).encode())
    return Written(html, markdown)


def report(runs: Sequence[Results]) -> Document:
    """The whole report."""
    sections = [_head(runs), _lengths(runs)]
    if any(run.marks for run in runs):
        sections.append(_ruler([run for run in runs if run.marks]))
    sections += _quality(runs)
    sections.append(_repetition(runs))
    return Document("How long, and how good", tuple(sections))


def _head(runs: Sequence[Results]) -> Section:
    names = ["Run", *(run.name for run in runs)]
    facts = {
        "Model": lambda run: str(run.manifest.get("model", "not recorded")),
        "File": lambda run: str(run.manifest.get("file", "")),
        "Mode": lambda run: str(run.manifest.get("mode", "not recorded")),
        "Length control": lambda run: str(run.manifest.get("length", "")),
        "Sampling": lambda run: _sampling(run.manifest),
        "Seed": lambda run: str(run.manifest.get("seed", "")),
        "Prompts": lambda run: f"{run.manifest.get('prompts', '')} ({run.of})".strip(),
        "Written": lambda run: f"{len(run.pieces)} of {run.of}",
        "With a problem": lambda run: str(run.all.problems if run.all else 0),
        "Judges": lambda run: "; ".join(_judge(judged.judge) for judged in run.judged) or "none",
        "Begun": lambda run: str(run.manifest.get("created", "")),
    }
    rows = tuple((label, *(fact(run) for run in runs)) for label, fact in facts.items())
    note = (
        "A piece that failed counts with the words it has, none in the worst case. Behind each mean is its 95 % "
        f"interval by bootstrap over the pieces ({DRAWS:,} draws)."
    )
    return Section("Runs", (note,), (Table(tuple(names), rows),))


def _lengths(runs: Sequence[Results]) -> Section:
    note = (
        "The length score is that of LongBench-Write: 100 where a piece has the length asked for, 0 at a third of it "
        "or at four times as much. Words are counted as the benchmark counts them."
    )
    head = ("Run", "Pieces", "Problems", "Required", "Written", "Length score")
    total = Table(head, tuple(_group_row(run.name, run.all) for run in runs if run.all), "All pieces")
    bins = [(f"{run.name}: {group.name}", group) for run in runs for group in run.bins]
    tongues = [
        (f"{run.name}: {LANGUAGES.get(group.name, group.name)}", group) for run in runs for group in run.languages
    ]
    tables = [
        total,
        Table(head, tuple(_group_row(*line) for line in bins), "By length asked for"),
        Table(head, tuple(_group_row(*line) for line in tongues), "By language"),
    ]
    rows = []
    for run in runs[1:]:
        lead = ahead(runs[0], run, lambda piece: piece.score)
        if lead is not None:
            rows.append((f"{run.name} against {runs[0].name}", str(lead.count), _signed(lead)))
    if rows:
        tables.append(Table(("Runs", "Common prompts", "Length score ahead by"), tuple(rows), "Compared"))
    return Section("Length", (note,), tuple(tables), (plots.lengths(runs),))


def _ruler(runs: Sequence[Results]) -> Section:
    rows = [
        (run.name, f"{mark.length:,}", str(mark.count), f"{mark.longest:,}", f"{mark.mean:,.0f}")
        for run in runs
        for mark in run.marks
    ]
    table = Table(("Run", "Required", "Answers", "Longest", "Mean"), tuple(rows))
    found = tuple(f"{run.name}: the longest answer has {run.longest:,} words." for run in runs)
    return Section("Ruler", found, (table,), (plots.ruler(runs),))


def _quality(runs: Sequence[Results]) -> list[Section]:
    """A section for each judge, since the scores of different ones do not compare."""
    judges: list[Json] = []
    for run in runs:
        judges += [judged.judge for judged in run.judged if judged.judge not in judges]
    sections = []
    for number, judge in enumerate(judges, 1):
        found = [(run, judged) for run in runs for judged in run.judged if judged.judge == judge]
        head = ("Run", "Judged", "Malformed", "Failed", "Overall", "Quality", *DIMENSIONS)
        table = Table(head, tuple(_judged_row(run, judged) for run, judged in found), "All pieces")
        rows = tuple(
            (f"{run.name}: {name}", str(mean.count), _mean(mean))
            for run, judged in found
            for name, pieces in run.parts.items()
            if (mean := run.quality(judged, pieces)) is not None
        )
        parts = Table(("Run", "Judged", "Quality"), rows, "By length asked for and by language")
        note = (
            "Six dimensions from 1 to 5, shown from 0 to 100; overall is the mean of quality and length score. These "
            "scores are this judge's: they compare only with scores of the same judge, rubric and seed."
        )
        drawn = plots.quality([(run.name, judged) for run, judged in found], f"quality-{number}")
        sections.append(Section(f"Quality, judged by {_judge(judge)}", (note,), (table, parts), (drawn,)))
    return sections


def _repetition(runs: Sequence[Results]) -> Section:
    head = ("Run", "First quarter", "Second", "Third", "Last", "Distinct openings", "Longest repeated passage")
    rows, quotes = [], []
    for run in runs:
        if not run.quarters:
            continue
        passage = run.passage
        words = f"{passage.words:,} words" if passage else "none"
        rows.append((run.name, *(_percent(share) for share in run.quarters), _percent(run.openings or 0), words))
        if passage is not None:
            cut = " ".join(passage.passage.split())
            quotes.append(f"{run.name} repeats: “{cut[:_PASSAGE]}{'…' if len(cut) > _PASSAGE else ''}”")
    note = (
        "The share of 4-grams that occurred before in the same piece, by quarters of it, as a mean over the pieces; "
        "the share of paragraphs whose first four words no earlier paragraph has; the longest run of words that a "
        "piece has twice."
    )
    return Section("Repetition", (note, *quotes), (Table(head, tuple(rows)),), (plots.repeats(runs),))


def _group_row(name: str, group: Group | None) -> tuple[str, ...]:
    if group is None:
        return (name, "0", "0", "", "", "")
    counts = (str(group.count), str(group.problems), f"{group.required:,.0f}", f"{group.written:,.0f}")
    return (name, *counts, _mean(group.score))


def _judged_row(run: Results, judged: Judged) -> tuple[str, ...]:
    counts = (str(len(judged.judgements)), str(judged.malformed), str(judged.failed))
    means = (_mean(run.overall(judged)), _mean(judged.total))
    return (run.name, *counts, *means, *(_mean(judged.means(dimension)) for dimension in DIMENSIONS))


def _mean(value: Interval | None) -> str:
    return f"{value.mean:.1f} ({value.low:.1f} to {value.high:.1f})" if value else ""


def _signed(value: Interval) -> str:
    return f"{value.mean:+.1f} ({value.low:+.1f} to {value.high:+.1f})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _judge(judge: Json) -> str:
    details = ", ".join(f"{key} {value}" for key, value in judge.items() if key != "name")
    return f"{judge['name']} ({details})" if details else str(judge["name"])


def _sampling(manifest: Json) -> str:
    values = manifest.get("sampling")
    return ", ".join(f"{k} {v:g}" for k, v in values.items()) if isinstance(values, dict) else ""
