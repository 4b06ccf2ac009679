"""The studio writes what `evaluate` measures: a run's prompts, one after the other.

Each piece is a draft while it is being written, so a process that is killed loses half a second of it and the next one
goes on where it stopped. When its line is in pred.jsonl, the draft goes. `direct` needs no draft: the prompt itself is
put to the model, as the benchmark does, and a piece that was broken off begins anew.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace

from longwriter_ui.brief import Brief
from longwriter_ui.draft import FinishReason, Mode
from longwriter_ui.engine.base import Cancel, Engine, Request, user
from longwriter_ui.errors import DraftNotFound, EngineError, LongWriterError, ModelFileError, StoreError
from longwriter_ui.evaluate.run import Prediction, Run, Settings
from longwriter_ui.jobs import Job
from longwriter_ui.jsonl import Appender, appending
from longwriter_ui.loops import good_part
from longwriter_ui.pipeline import tokens_per_word
from longwriter_ui.progress import Progress
from longwriter_ui.report import overall_finish
from longwriter_ui.studio import Studio
from longwriter_ui.writing import seed_of

DIRECT = "direct"
MODES = (*(mode.value for mode in Mode), DIRECT)
_MOST_TOKENS = 32_768  # of a direct answer: the length LongWriter was fine-tuned for
_MOST_TIMES = 4  # its length; what goes on from there scores nothing any more
_TICK = 0.2  # seconds between two looks at a job


@dataclass(frozen=True)
class PieceStarted:
    """Prompt `n` (from 0) of `of` is begun, or gone on with."""

    n: int
    of: int


@dataclass(frozen=True)
class PieceWriting:
    """How far the piece is."""

    n: int
    of: int
    progress: Progress


@dataclass(frozen=True)
class PieceDone:
    """The piece has its line; `prediction.problem` says why it failed, where it did."""

    prediction: Prediction
    of: int


@dataclass(frozen=True)
class RunEnded:
    """Everything is written, or it was stopped."""

    stopped: bool


RunEvent = PieceStarted | PieceWriting | PieceDone | RunEnded


def settings_of(studio: Studio, mode: str, seed: int) -> Settings:
    """What a run with this studio is decided by. EngineError when no model is chosen."""
    model = studio.model
    if model is None:
        raise EngineError("No model is chosen.", "Choose a .gguf file under Models, or with --model.")
    sampling = {name: float(value) for name, value in asdict(studio.sampling).items() if name != "seed"}
    size = model.path.stat().st_size if model.path.is_file() else 0
    return Settings(model.name, model.path.name, size, mode, studio.length.value, sampling, seed)


def write_run(run: Run, studio: Studio, cancel: Cancel, *, keep: bool = False) -> Iterator[RunEvent]:
    """Write what is still to be written of `run`, up to RunEnded. A prompt that fails is recorded, and the next one
    follows; an error of the model's file or of the store ends the run. `keep`: the drafts stay in the library."""
    with appending(run.predictions_file) as predictions, appending(run.drafts_file) as drafts:
        writer = _RunWriter(run, studio, cancel, drafts, keep)
        writer.clear_away()
        for n in run.todo():
            yield PieceStarted(n, len(run.prompts))
            prediction = yield from writer.write(n)
            if prediction is None:
                yield RunEnded(stopped=True)
                return
            predictions.append(prediction.values())
            writer.done(n)
            yield PieceDone(prediction, len(run.prompts))
    yield RunEnded(stopped=False)


class _RunWriter:
    def __init__(self, run: Run, studio: Studio, cancel: Cancel, drafts: Appender, keep: bool) -> None:
        self._run, self._studio, self._cancel = run, studio, cancel
        self._drafts, self._keep = drafts, keep
        self._mode, self._seed = str(run.manifest["mode"]), int(run.manifest["seed"])
        self._begun = run.drafts()

    def write(self, n: int) -> Generator[RunEvent, None, Prediction | None]:
        """The piece; None when it was stopped."""
        jobs: list[Job] = []
        try:
            if self._mode == DIRECT:
                return (yield from self._write_direct(n, jobs))
            return (yield from self._write_draft(n, jobs))
        except (ModelFileError, StoreError):
            raise
        except LongWriterError as error:
            response = self._studio.draft(self._begun[n]).text if n in self._begun else ""
            return self._prediction(n, response, jobs, finish=FinishReason.ERROR, problem=str(error))

    def done(self, n: int) -> None:
        """The piece has its line, so its draft can go."""
        if n in self._begun and not self._keep:
            self._studio.delete(self._begun.pop(n))

    def clear_away(self) -> None:
        """Drafts of pieces that have their line, left by a process that was killed between the two."""
        for prediction in self._run.predictions():
            if prediction.n in self._begun and self._exists(prediction.n):
                self.done(prediction.n)

    def _write_draft(self, n: int, jobs: list[Job]) -> Generator[RunEvent, None, Prediction | None]:
        prompt = self._run.prompts[n]
        if n not in self._begun or not self._exists(n):
            brief = Brief.create(prompt.prompt, prompt.length, prompt.language)
            draft = self._studio.create(brief, Mode(self._mode), seed_of(self._seed, n, 0) >> 1)
            self._begun[n] = draft.id
            self._drafts.append({"n": n, "draft": draft.id})
        draft_id = self._begun[n]
        ended = FinishReason.STOP
        if not self._studio.draft(draft_id).paragraphs:
            ended = yield from self._follow(n, self._studio.plan(draft_id), jobs)
        if ended is FinishReason.STOP:
            ended = yield from self._follow(n, self._studio.write(draft_id), jobs)
        if ended is FinishReason.CANCELLED:
            return None
        draft = self._studio.draft(draft_id)
        return self._prediction(n, draft.text, jobs, finish=overall_finish(draft, ended), steps=len(draft.steps))

    def _write_direct(self, n: int, jobs: list[Job]) -> Generator[RunEvent, None, Prediction | None]:
        prompt = self._run.prompts[n]

        def make(engine: Engine) -> Request:
            words = prompt.length * _MOST_TIMES
            limit = min(_MOST_TOKENS, math.ceil(words * tokens_per_word(engine, prompt.language)) + 64)
            sampling = replace(self._studio.sampling, seed=seed_of(self._seed, n, 0))
            return Request((user(prompt.prompt),), sampling, limit, guarded=True)

        job = self._studio.ask(make)
        if (yield from self._follow(n, job, jobs)) is FinishReason.CANCELLED:
            return None
        text = good_part((), job.text) if job.finish is FinishReason.LOOP else job.text
        return self._prediction(n, text.strip(), jobs, finish=job.finish)

    def _follow(self, n: int, job: Job, jobs: list[Job]) -> Generator[RunEvent, None, FinishReason]:
        """Until the job has ended: STOP or CANCELLED. Raises what it failed with."""
        jobs.append(job)
        while not job.wait(_TICK):
            if self._cancel.is_set() and not job.cancelled.is_set():
                self._studio.cancel(job)
            if (progress := self._studio.progress(job)) is not None:
                yield PieceWriting(n, len(self._run.prompts), progress)
        if job.failure is not None:
            raise job.failure
        return FinishReason.CANCELLED if job.cancelled.is_set() else FinishReason.STOP

    def _prediction(
        self, n: int, response: str, jobs: list[Job], *, finish: FinishReason, problem: str = "", steps: int = 0
    ) -> Prediction:
        tokens, seconds = sum(job.usage.written for job in jobs), sum(job.seconds for job in jobs)
        return Prediction(n, self._run.prompts[n], response, finish.value, problem, steps, tokens, seconds)

    def _exists(self, n: int) -> bool:
        try:
            self._studio.draft(self._begun[n])
        except DraftNotFound:
            return False
        return True
