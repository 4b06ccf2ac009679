"""Running a job from the command line: the studio it runs in, Ctrl-C, and what comes of it."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Protocol

from longwriter_ui.arguments import places
from longwriter_ui.cli.progress import open_display
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import LengthMode, Sampling
from longwriter_ui.errors import LongWriterError
from longwriter_ui.events import Failed, Finished
from longwriter_ui.host import Place
from longwriter_ui.jobs import Job
from longwriter_ui.server import AT_ONCE, Server
from longwriter_ui.studio import Studio

INTERRUPTED = 130  # exit code after Ctrl-C


class OpenStudio(Protocol):
    """What `bootstrap.build_studio` is."""

    def __call__(
        self,
        model: Place | None = None,
        *,
        lora: str | None = None,
        context: int | None = None,
        threads: int | None = None,
        sampling: Sampling | None = None,
        length: LengthMode | None = None,
    ) -> Studio: ...


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ERROR with its `failure`, else STOP or CANCELLED."""

    ended: FinishReason
    failure: LongWriterError | None = None


def open_with(arguments: argparse.Namespace, open_studio: OpenStudio, model: Place | None = None) -> Studio:
    """The studio with the model (None: the one named) and the settings of the command line."""
    sampling = Sampling(arguments.temperature, arguments.top_p, arguments.top_k, dry_multiplier=arguments.dry)
    return open_studio(
        model if model is not None else places(arguments)[0],
        lora=getattr(arguments, "lora", None),
        context=arguments.context,
        threads=arguments.threads,
        sampling=sampling if sampling != Sampling() else None,
        length=LengthMode(arguments.length) if arguments.length else None,
    )


def open_several(
    arguments: argparse.Namespace, open_studio: OpenStudio, named: Sequence[Place | None], stack: ExitStack
) -> list[Studio]:
    """A studio for each file, which writes one piece at a time, and for a server's model so many as it is asked for;
    the stack closes them."""
    studios = []
    for place in named:
        at_once, one = (place.at_once, replace(place, at_once=1)) if isinstance(place, Server) else (1, place)
        for _ in range(at_once):
            studios.append(stack.enter_context(closing(open_with(arguments, open_studio, one))))
    return studios


def follow(studio: Studio, job: Job) -> Outcome:
    """Show the job's progress until it ends; the first Ctrl-C stops it, a second one leaves at once."""
    count = studio.draft(job.draft_id).count
    outcome = Outcome(FinishReason.ERROR)
    with _stopping(studio, job), open_display(count) as display:
        for event, progress in job.with_progress():
            display.update(event, progress)
            if isinstance(event, Finished):
                outcome = Outcome(event.reason)
            elif isinstance(event, Failed):
                outcome = Outcome(FinishReason.ERROR, event.error)
    return outcome


def resume_line(draft_id: str, arguments: argparse.Namespace) -> str:
    """The command that goes on with the draft in the same way."""
    words = ["python", "-m", "longwriter_ui", "write", "--resume", draft_id]
    default = Sampling()
    same: dict[str, float | None] = dict.fromkeys(("engine", "base_url", "api", "model", "lora", "context", "threads"))
    same |= {"at_once": AT_ONCE, "length": None, "dry": 0.0}
    same |= {"temperature": default.temperature, "top_p": default.top_p, "top_k": default.top_k}
    for name, usual in same.items():
        value = getattr(arguments, name, usual)
        if value != usual:
            words += [f"--{name.replace('_', '-')}", str(value)]
    if isinstance(arguments.out, list):
        for out in arguments.out:
            words += ["--out", str(out)]
    return shlex.join(words)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """The first Ctrl-C sets the event, a second one leaves at once."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _stopping(studio: Studio, job: Job) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if job.cancelled.is_set():
            raise KeyboardInterrupt
        studio.stop(job.draft_id)

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
