"""Progress on standard error: a moving line on a terminal, one line for each thing done anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from longwriter_ui.cli.console import note
from longwriter_ui.draft import FinishReason
from longwriter_ui.events import Event, Loading, ParagraphDone, PlanReady, SelfTested
from longwriter_ui.progress import Progress as JobProgress

Count = Callable[[str], int]


class Display(Protocol):
    """Shows a job's events as they come."""

    def update(self, event: Event, progress: JobProgress) -> None: ...


@contextmanager
def open_display(count: Count) -> Iterator[Display]:
    """The display for this standard error; `count` counts words in the draft's language."""
    if not sys.stderr.isatty():
        yield Lines(count)
        return
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(32), console=console, transient=True
    ) as bar:
        yield Live(bar, count)


class Lines:
    """One line for each thing done."""

    def __init__(self, count: Count) -> None:
        self._count = count

    def update(self, event: Event, progress: JobProgress) -> None:
        line = milestone(event, progress, self._count)
        if line is not None:
            note(line)


class Live:
    """A bar with what happens this moment, below the lines of what is done."""

    def __init__(self, bar: Progress, count: Count) -> None:
        self._bar = bar
        self._count = count
        self._task = bar.add_task("Waiting", total=None)

    def update(self, event: Event, progress: JobProgress) -> None:
        line = milestone(event, progress, self._count)
        if line is not None:
            self._bar.console.print(Text(line))
        done, total = _amount(progress)
        self._bar.update(self._task, description=describe(progress), completed=done, total=total)


def milestone(event: Event, progress: JobProgress, count: Count) -> str | None:
    """The line for something that is done; None for everything in between."""
    if isinstance(event, Loading):
        return f"Loading {event.model}"
    if isinstance(event, SelfTested):
        return f"The model's self-test found: {' '.join(event.problems)}" if event.problems else "Self-test passed"
    if isinstance(event, PlanReady):
        steps = "1 step" if len(event.steps) == 1 else f"{len(event.steps)} steps"
        return f"Plan: {steps}, {sum(step.words or 0 for step in event.steps):,} words"
    if isinstance(event, ParagraphDone):
        if event.version is None:
            return None
        ending = {
            FinishReason.LENGTH: ", cut off at its limit",
            FinishReason.CANCELLED: ", stopped",
            FinishReason.LOOP: ", repeats",
        }
        words, finish = count(event.version.text), ending.get(event.version.finish, "")
        speed = f", {progress.tokens_per_second:.1f} tokens/s" if progress.tokens_per_second else ""
        return f"Paragraph {progress.paragraph} of {progress.of}: {words:,} words{finish}{speed}"
    return None


def describe(progress: JobProgress) -> str:
    """What happens this moment, in a few words."""
    if progress.phase == "reading":
        return f"Reading {progress.read_done:,} of {progress.read_total:,} tokens"
    if progress.phase == "planning":
        return f"Planning, {progress.tokens_per_second:.1f} tokens/s"
    if progress.phase == "writing":
        left = "" if progress.seconds_left is None else f", {clock(progress.seconds_left)} left"
        return (
            f"Paragraph {progress.paragraph} of {progress.of}, {progress.words:,} of {progress.target:,} words, "
            f"{progress.tokens_per_second:.1f} tokens/s{left}"
        )
    return progress.phase.capitalize()


def clock(seconds: float) -> str:
    """75 -> "1:15", 3700 -> "1:01:40"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _amount(progress: JobProgress) -> tuple[float, float | None]:
    if progress.phase == "reading":
        return progress.read_done, progress.read_total
    if progress.phase == "writing":
        return min(progress.words, progress.target), progress.target
    return 0, None
