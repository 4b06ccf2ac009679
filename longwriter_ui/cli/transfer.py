"""Shows a download or a check: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from longwriter_ui.cli.console import note
from longwriter_ui.cli.progress import clock
from longwriter_ui.weights.download import Fetching, Verifying, Waiting
from longwriter_ui.weights.fit import gigabytes

_EVERY = 5.0  # seconds between two lines


class Display(Protocol):
    """Shows events as they come."""

    def update(self, event: object) -> None: ...


@contextmanager
def open_display() -> Iterator[Display]:
    """The display for this standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    console = Console(stderr=True)
    with Progress(
        BarColumn(32), TextColumn("{task.description}", markup=False), console=console, transient=True
    ) as bar:
        yield _Live(bar)


class _Lines:
    def __init__(self) -> None:
        self._told = 0.0

    def update(self, event: object) -> None:
        line = describe(event)
        if line and (isinstance(event, Waiting) or time.monotonic() - self._told >= _EVERY):
            self._told = time.monotonic()
            note(line)


class _Live:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Asking the Hub", total=None)

    def update(self, event: object) -> None:
        if isinstance(event, Waiting):
            self._bar.console.print(Text(event.reason))
        if isinstance(event, Fetching | Verifying):
            self._bar.update(self._task, completed=event.done, total=event.total)
        if line := describe(event):
            self._bar.update(self._task, description=line)


def describe(event: object) -> str:
    """What happens this moment, in a few words; empty for what needs none."""
    if isinstance(event, Fetching):
        rate = f", {event.rate / 1e6:.1f} MB/s" if event.rate else ""
        left = f", {clock(event.seconds_left)} left" if event.seconds_left is not None else ""
        return f"{gigabytes(event.done)} of {gigabytes(event.total)}{rate}{left}"
    if isinstance(event, Verifying):
        return f"Verifying {gigabytes(event.done)} of {gigabytes(event.total)}"
    if isinstance(event, Waiting):
        return f"{event.reason} Trying again in {clock(event.seconds)}"
    return ""
