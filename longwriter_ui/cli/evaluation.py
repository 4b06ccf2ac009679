"""`eval`: writes the prompts of a benchmark, measures what came, and reports."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from longwriter_ui.arguments import places
from longwriter_ui.cli.console import STDOUT, note, to_json, write_target
from longwriter_ui.cli.progress import clock, describe
from longwriter_ui.cli.run import INTERRUPTED, OpenStudio, interruptible, open_several
from longwriter_ui.evaluate.confidence import Interval
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.prompts import Prompt, load_prompts
from longwriter_ui.evaluate.quality import DIMENSIONS, Judge, judge_run, judged_by
from longwriter_ui.evaluate.report import write_report
from longwriter_ui.evaluate.results import Group, Results
from longwriter_ui.evaluate.ruler import ruler_prompts
from longwriter_ui.evaluate.run import Run
from longwriter_ui.evaluation import (
    PieceDone,
    PieceStarted,
    PieceWriting,
    RunEnded,
    check_prompts,
    settings_of,
    write_run,
)
from longwriter_ui.judges import ModelJudge, ServerJudge
from longwriter_ui.server import Server
from longwriter_ui.words import LANGUAGES

_EVERY = 15.0  # seconds between two lines about a piece


def run_run(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 0 too where prompts failed: they are in the run, and told."""
    prompts = load_prompts(arguments.prompts)
    check_prompts(prompts, arguments.mode, str(arguments.prompts))
    return _write(arguments, open_studio, prompts, arguments.prompts.name)


def run_ruler(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    prompts = ruler_prompts(arguments.lengths, arguments.languages)
    code = _write(arguments, open_studio, prompts, "LongWrite-Ruler")
    if code == 0:
        results = Results.of_run(Run(arguments.out))
        for mark in results.marks:
            figures = f"at most {mark.longest:,}, {mark.mean:,.0f} in the mean"
            _say(f"{mark.length:>7,} words asked for: {figures}; {mark.ended} of {mark.count} ended by themselves")
        _say(f"Longest output: {results.longest:,} words")
    return code


def run_length(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    results = Results.of_run(Run(arguments.folder))
    groups = [group for group in (results.all, *results.bins, *results.languages) if group is not None]
    if arguments.json:
        pieces = [
            {"n": p.prediction.n, "length": p.prediction.prompt.length, "words": p.prediction.words, "score": p.score}
            for p in results.pieces
        ]
        write_target(STDOUT, to_json({"groups": [_group_json(group) for group in groups], "pieces": pieces}))
        return 0
    for group in groups:
        name = LANGUAGES.get(group.name, group.name)
        _say(f"{name:<16} pieces {group.count:>4}   words {group.written:>8,.0f}   length score {_mean(group.score)}")
    if not groups:
        note("Nothing is written yet.")
    return 0


def run_quality(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    """Exit code 0 too where some pieces could not be judged: they are counted, and told."""
    run = Run(arguments.folder)
    with interruptible() as cancel, _judge(arguments, open_studio) as judge:
        _say(f"Judge: {judge.about['name']}. Scores of different judges do not compare.")
        for event in judge_run(run.folder, run.predictions(), judge, arguments.seed, cancel):
            total = f"quality {event.judgement.total:.1f}" if event.judgement else f"not judged: {event.problem}"
            note(f"Piece {event.n + 1} ({event.done} of {event.of}): {total}")
        if cancel.is_set():
            note("Stopped; the same command goes on.")
            return INTERRUPTED
    results = Results.of_run(run)
    asked = judged_by(judge, arguments.seed)
    judged = next(judged for judged in results.judged if judged.judge == asked)
    for dimension in DIMENSIONS:
        mean = judged.means(dimension)
        if mean is not None:
            _say(f"{dimension:<20} {_mean(mean)}")
    if judged.total is not None:
        _say(f"{'Quality':<20} {_mean(judged.total)}")
    lost = f"malformed answers only: {judged.malformed}, failed: {judged.failed}"
    _say(f"Pieces judged: {len(judged.judgements)}, {lost}")
    return 0


def run_report(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    runs = [Run(folder) for folder in arguments.folders]
    written = write_report(runs, arguments.out or arguments.folders[0] / "report")
    for path in (written.html, written.markdown):
        _say(str(path))
    return 0


def _write(arguments: argparse.Namespace, open_studio: OpenStudio, prompts: tuple[Prompt, ...], source: str) -> int:
    """Write a run and tell what comes; Ctrl-C keeps it for the next time."""
    with ExitStack() as stack:
        studio, *others = open_several(arguments, open_studio, places(arguments)[:1], stack)
        run = Run.create(arguments.out, prompts, settings_of(studio, arguments.mode, arguments.seed), source)
        if arguments.retry and (failed := run.forget_failures()):
            note(f"Prompts that failed and are written again: {failed}")
        with interruptible() as cancel:
            told = time.monotonic()
            for event in write_run(run, studio, cancel, keep=arguments.keep_drafts, others=others):
                if isinstance(event, PieceWriting) and time.monotonic() - told >= _EVERY:
                    note(f"  {describe(event.progress)}")
                    told = time.monotonic()
                elif isinstance(event, PieceStarted):
                    told = time.monotonic()
                    note(f"Prompt {event.n + 1} of {event.of}: {run.prompts[event.n].prompt[:60]!r}")
                elif isinstance(event, PieceDone):
                    _tell(event)
                elif isinstance(event, RunEnded) and event.stopped:
                    note("Stopped; everything so far is kept. The same command goes on.")
                    return INTERRUPTED
    whole = Results.of_run(run).all
    if whole is not None:
        if whole.problems:
            note(f"Failed prompts: {whole.problems} of {whole.count}; --retry writes them again.")
        note(f"Length score {_mean(whole.score).strip()}")
    note(f"Wrote {run.predictions_file}")
    return 0


@contextmanager
def _judge(arguments: argparse.Namespace, open_studio: OpenStudio) -> Iterator[Judge]:
    """The judge that was named: a server by its address, else a model file."""
    if arguments.judge.startswith(("http://", "https://")):
        server = Server(arguments.judge, arguments.judge_model)
        with closing(open_studio()) as studio, closing(ServerJudge(studio.loader.beside(server), server)) as judge:
            yield judge
    else:
        with closing(open_studio(Path(arguments.judge), threads=arguments.threads)) as studio:
            yield ModelJudge(studio)


def _tell(event: PieceDone) -> None:
    piece = event.prediction
    if piece.problem:
        note(f"Prompt {piece.n + 1} of {event.of} failed: {piece.problem}")
        return
    score = length_score(piece.prompt.length, piece.words)
    note(
        f"Prompt {piece.n + 1} of {event.of}: {piece.words:,} of {piece.prompt.length:,} words, "
        f"length score {score:.1f}, {clock(piece.seconds)}"
    )


def _group_json(group: Group) -> dict[str, object]:
    score = group.score
    return {
        "name": group.name, "pieces": group.count, "problems": group.problems, "required": group.required,
        "written": group.written, "length_score": score.mean, "low": score.low, "high": score.high,
    }  # fmt: skip


def _mean(value: Interval) -> str:
    """With its interval, where there is more than one value."""
    return f"{value.mean:6.2f}" + (f" ({value.low:.1f} to {value.high:.1f})" if value.count > 1 else "")


def _say(text: str) -> None:
    write_target(STDOUT, text)


def existing_folder(text: str) -> Path:
    """A folder named on the command line."""
    path = Path(text)
    try:
        if path.is_dir():
            return path
    except OSError as error:  # a name that no folder can have
        raise argparse.ArgumentTypeError(f"{text} cannot be read: {error.strerror or error}") from error
    raise argparse.ArgumentTypeError(f"there is no folder {text}")
