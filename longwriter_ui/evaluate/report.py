"""The report on one run or several side by side: what it says, as a document of tables and plots.

`pages` turns the document into HTML and Markdown, so both say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from longwriter_ui.errors import ExportError
from longwriter_ui.evaluate import pages, plots
from longwriter_ui.evaluate.bins import NAMES
from longwriter_ui.evaluate.confidence import DRAWS, Interval
from longwriter_ui.evaluate.pages import Document, Section, Table
from longwriter_ui.evaluate.prompts import Prompt
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
    runs = _told_apart(runs)
    sections = [_head(runs), _lengths(runs)]
    if any(run.marks for run in runs):
        sections.append(_ruler([run for run in runs if run.marks]))
    sections += _quality(runs)
    sections.append(_repetition(runs))
    return Document("How long, and how good", tuple(sections))


def _told_apart(runs: Sequence[Results]) -> list[Results]:
    """Runs of folders with the same name get a number."""
    seen: Counter[str] = Counter()
    named = []
    for run in runs:
        seen[run.name] += 1
        named.append(replace(run, name=f"{run.name} ({seen[run.name]})") if seen[run.name] > 1 else run)
    return named


def _head(runs: Sequence[Results]) -> Section:
    names = ["Run", *(run.name for run in runs)]
    facts = {
        "Model": lambda run: str(run.manifest.get("model", "not recorded")),
        "File": lambda run: str(run.manifest.get("file", "")),
        "Mode": lambda run: str(run.manifest.get("mode", "not recorded")),
        "Length control": lambda run: _control(run.manifest),
        "Sampling": lambda run: _sampling(run.manifest),
        "Seed": lambda run: str(run.manifest.get("seed", "")),
        "Prompts": lambda run: f"{run.manifest.get('prompts', '')} ({run.of})".strip(),
        "Written": lambda run: f"{len(run.pieces)} of {run.of}",
        "With a problem": lambda run: str(run.all.problems if run.all else 0),
        "Judges": lambda run: "; ".join(_judge(judged.judge) for judged in run.judged) or "no judge",
        "Begun": lambda run: str(run.manifest.get("created", "")),
    }
    rows = tuple((label, *(fact(run) for run in runs)) for label, fact in facts.items())
    note = (
        "A piece that failed counts with the words it has, none in the worst case. Behind each mean of several pieces "
        f"is its 95 % interval by bootstrap over them ({DRAWS:,} draws)."
    )
    return Section("Runs", (note,), (Table(tuple(names), rows),))


def _lengths(runs: Sequence[Results]) -> Section:
    note = (
        "The length score is that of LongBench-Write: 100 where a piece has the length asked for, 0 at a third of it "
        "or at four times as much. Words are counted as the benchmark counts them."
    )
    head = ("Run", "Pieces", "Problems", "Required", "Written", "Length score")
    bins = [(name, run.name, group) for name in NAMES for run in runs for group in run.bins if group.name == name]
    codes = dict.fromkeys(group.name for run in runs for group in run.languages)
    tongues = [
        (LANGUAGES.get(code, code), run.name, group)
        for code in codes
        for run in runs
        for group in run.languages
        if group.name == code
    ]
    tables = [
        Table(head, tuple((run.name, *_group(run.all)) for run in runs if run.all), "All pieces"),
        Table(("Asked for", *head), tuple((*names, *_group(group)) for *names, group in bins), "By length asked for"),
        Table(("Language", *head), tuple((*names, *_group(group)) for *names, group in tongues), "By language"),
        *_compared([(run.name, {p.prediction.prompt: p.score for p in run.pieces}) for run in runs], "Length score"),
    ]
    unseen = tuple(
        f"{run.name}: pieces without a word, which the plot cannot show: {count}."
        for run in runs
        if (count := sum(not piece.prediction.words for piece in run.pieces))
    )
    return Section("Length", (note, *unseen), tuple(tables), (plots.lengths(runs),))


def _ruler(runs: Sequence[Results]) -> Section:
    rows = [
        (run.name, f"{mark.length:,}", f"{mark.longest:,}", f"{mark.mean:,.0f}", f"{mark.ended} of {mark.count}")
        for run in runs
        for mark in run.marks
    ]
    table = Table(("Run", "Required", "Longest", "Mean", "Ended by themselves"), tuple(rows))
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
        columns = [_judged(run, judged) for run, judged in found]
        rows = tuple((label, *(column[label] for column in columns)) for label in columns[0])
        parts = tuple(
            (name, run.name, str(mean.count), _mean(mean))
            for name in dict.fromkeys(name for run, _ in found for name in run.parts)
            for run, judged in found
            if (mean := run.quality(judged, run.parts.get(name, ()))) is not None
        )
        tables = [
            Table(("All pieces", *(run.name for run, _ in found)), rows),
            Table(("Pieces", "Run", "Judged", "Quality"), parts, "By length asked for and by language"),
            *_compared([(run.name, run.totals(judged)) for run, judged in found], "Quality"),
        ]
        note = (
            f"The judge: {_details(judge)}. Six dimensions from 1 to 5, shown from 0 to 100; overall is the mean of "
            "quality and length score. A piece without text gets the lowest score. These scores are this judge's: they "
            "compare only with scores of the same judge, rubric and seed."
        )
        drawn = plots.quality([(run.name, judged) for run, judged in found], f"quality-{number}")
        sections.append(Section(f"Quality, judged by {judge['name']}", (note,), tuple(tables), (drawn,)))
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


def _compared(runs: Sequence[tuple[str, Mapping[Prompt, float]]], what: str) -> list[Table]:
    """By how much the other runs are ahead of the first, prompt by prompt; no table where nothing is common."""
    rows = []
    for name, scores in runs[1:]:
        lead = ahead(runs[0][1], scores)
        if lead is not None:
            rows.append((f"{name} against {runs[0][0]}", str(lead.count), _signed(lead)))
    return [Table(("Runs", "Common prompts", f"{what} ahead by"), tuple(rows), "Compared")] if rows else []


def _group(group: Group) -> tuple[str, ...]:
    counts = (str(group.count), str(group.problems), f"{group.required:,.0f}", f"{group.written:,.0f}")
    return (*counts, _mean(group.score))


def _judged(run: Results, judged: Judged) -> dict[str, str]:
    counts = {"Judged": len(judged.judgements), "Malformed answers only": judged.malformed, "Failed": judged.failed}
    means = {"Overall": run.overall(judged), "Quality": judged.total}
    means |= {dimension: judged.means(dimension) for dimension in DIMENSIONS}
    return {name: str(count) for name, count in counts.items()} | {name: _mean(mean) for name, mean in means.items()}


def _mean(value: Interval | None) -> str:
    """With its interval, where there is more than one value."""
    if value is None:
        return ""
    return f"{value.mean:.1f}" + (f" ({value.low:.1f} to {value.high:.1f})" if value.count > 1 else "")


def _signed(value: Interval) -> str:
    return f"{value.mean:+.1f}" + (f" ({value.low:+.1f} to {value.high:+.1f})" if value.count > 1 else "")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _judge(judge: Json) -> str:
    return f"{judge['name']} (seed {judge['seed']})" if "seed" in judge else str(judge["name"])


def _details(judge: Json) -> str:
    return ", ".join([str(judge["name"]), *(f"{key} {value}" for key, value in judge.items() if key != "name")])


def _control(manifest: Json) -> str:
    """How closely paragraphs are held to their lengths; a direct answer has none."""
    return "none" if manifest.get("mode") == "direct" else str(manifest.get("length", ""))


def _sampling(manifest: Json) -> str:
    values = manifest.get("sampling")
    return ", ".join(f"{k} {v:g}" for k, v in values.items()) if isinstance(values, dict) else ""
