"""Asking the model in use something that belongs to no draft: a job of the one worker, so never while it writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Chunk, Engine, Request
from longwriter_ui.errors import LongWriterError
from longwriter_ui.events import Failed, Finished, TextDelta
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.jobs import Job
from longwriter_ui.pipeline import usage_of


class AskJob(Job):
    """One request, made for the engine that will answer it: of the model in use, or of `choice`. `text` grows while
    the answer comes."""

    def __init__(self, make: Callable[[Engine], Request], choice: ModelChoice | None = None) -> None:
        super().__init__("", "ask", lambda: None)
        self.make, self.choice = make, choice
        self.text = ""
        self.finish = FinishReason.ERROR


def perform(job: AskJob, host: EngineHost) -> None:
    """Called by the worker; the job's last event is Finished or Failed."""
    try:
        began = time.monotonic()
        engine = host.engine() if job.choice is None else host.stand_in(job.choice)
        job.load_seconds = time.monotonic() - began
        last: Chunk | None = None
        for item in engine.stream(job.make(engine), job.cancelled):
            if isinstance(item, Chunk):
                last = item
                job.text += item.text
                speed = item.tokens_per_second
                job.meter.progress = replace(job.meter.progress, phase="writing", tokens_per_second=speed)
                if item.text:
                    job.emit(TextDelta("", item.text, speed))
            else:
                job.meter.progress = replace(job.meter.progress, phase="reading")
        job.finish = (last.finish if last else None) or FinishReason.ERROR
        cancelled = job.finish is FinishReason.CANCELLED
        job.emit(Finished(FinishReason.CANCELLED if cancelled else FinishReason.STOP, usage_of(last)))
    except LongWriterError as error:
        job.emit(Failed(error))
