"""The studio writes what `evaluate` measures: a run's prompts, one after the other.

When the line of a piece is in pred.jsonl, its draft goes, or is the person's for good. `direct` needs no draft: the
prompt itself is put to the model, as the benchmark does, and a piece that was broken off begins anew.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from longwriter_ui.brief import Brief
from longwriter_ui.crew import together
from longwriter_ui.draft import FinishReason, Mode
from longwriter_ui.engine.base import Cancel, Engine, Request, user
from longwriter_ui.errors import (
    BriefError,
    EngineError,
    LongWriterError,
    ModelFileError,
    NotLoaded,
    ServerError,
    StoreError,
)
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.run import Prediction, Run, Settings
from longwriter_ui.jobs import Job
from longwriter_ui.jsonl import appending
from longwriter_ui.loops import good_part
from longwriter_ui.pieces import Pieces, follow
from longwriter_ui.pipeline import tokens_per_word
from longwriter_ui.progress import Progress
from longwriter_ui.report import overall_finish
from longwriter_ui.studio import Studio
from longwriter_ui.words import benchmark_count
from longwriter_ui.writing import seed_of

DIRECT = "direct"
MODES = (*(mode.value for mode in Mode), DIRECT)
_MOST_TOKENS = 32_768  # of a direct answer: the length LongWriter was fine-tuned for
_MOST_TIMES = 4  # its length; what goes on from there scores nothing any more


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
    usual, length = studio.usual
    sampling = {name: float(value) for name, value in asdict(usual).items() if name != "seed"}
    size = model.path.stat().st_size if model.path is not None and model.path.is_file() else 0
    return Settings(model.name, model.label, size, mode, length.value, sampling, seed)


def check_prompts(prompts: Sequence[Prompt], mode: str, source: str) -> None:
    """StoreError, naming the prompt, where one of `source` cannot be planned: it would fail, and count as the model's
    failure. DIRECT plans nothing and takes them all."""
    if mode == DIRECT:
        return
    for number, prompt in enumerate(prompts, 1):
        try:
            _brief(prompt)
        except BriefError as error:
            raise StoreError(f"Prompt {number} of {source} cannot be planned.", str(error)) from error


def write_run(
    run: Run, studio: Studio, cancel: Cancel, *, keep: bool = False, others: Sequence[Studio] = ()
) -> Iterator[RunEvent]:
    """Write what is still to be written of `run`, up to RunEnded. A prompt that fails is recorded, and the next one
    follows; a model that cannot be loaded, an error of its server or of the store ends the run, and so does a change of
    the model or of its settings meanwhile: what was being written then is written anew. `keep`: the drafts stay in the
    library. `others` write at the same time, with the same model on a server."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    stopped = threading.Event()
    with appending(run.predictions_file) as predictions, appending(run.drafts_file) as drafts:
        for n in run.todo():
            waiting.put(n)
        settle = Pieces.keep if keep else Pieces.remove
        pieces = Pieces(studio, cancel, drafts, run.drafts_file)
        for done in run.predictions():  # left by a process that was killed between the line and this
            settle(pieces, done.n)

        def work(studio: Studio, stop: Cancel) -> Iterator[RunEvent]:
            pieces = Pieces(studio, stop, drafts, run.drafts_file)
            writer = _RunWriter(run, studio, stop, pieces)
            while True:
                try:
                    n = waiting.get_nowait()
                except queue.Empty:
                    return
                run.refuse_others(writer.settings)
                yield PieceStarted(n, len(run.prompts))
                prediction = yield from writer.write(n)
                if prediction is None:
                    stopped.set()
                    return
                try:
                    run.refuse_others(writer.settings)
                except StoreError:
                    pieces.remove(n)
                    raise
                predictions.append(prediction.values())
                settle(pieces, n)
                yield PieceDone(prediction, len(run.prompts))

        if others:
            yield from together([partial(work, one) for one in (studio, *others)], cancel)
        else:
            yield from work(studio, cancel)
    yield RunEnded(stopped.is_set())


class _RunWriter:
    def __init__(self, run: Run, studio: Studio, cancel: Cancel, pieces: Pieces) -> None:
        self._run, self._studio, self._cancel, self._pieces = run, studio, cancel, pieces
        self._mode, self._seed = str(run.manifest["mode"]), int(run.manifest["seed"])

    @property
    def settings(self) -> Settings:
        """What the next piece would be written with."""
        return settings_of(self._studio, self._mode, self._seed)

    def write(self, n: int) -> Generator[RunEvent, None, Prediction | None]:
        """The piece; None when it was stopped."""
        jobs: list[Job] = []
        try:
            answer = self._direct(n, jobs) if self._mode == DIRECT else self._draft(n, jobs)
            return (yield from answer)
        except (ModelFileError, NotLoaded, ServerError, StoreError):
            raise
        except LongWriterError as error:
            draft = self._pieces.draft(n)
            return self._prediction(n, draft.text if draft else "", jobs, FinishReason.ERROR, problem=str(error))

    def _draft(self, n: int, jobs: list[Job]) -> Generator[RunEvent, None, Prediction | None]:
        prompt = self._run.prompts[n]
        seed = seed_of(self._seed, n, 0) >> 1  # as large as a draft's may be
        whole = yield from self._showing(n, self._pieces.write(n, _brief(prompt), Mode(self._mode), seed, jobs))
        draft = self._pieces.draft(n)
        if not whole or draft is None:
            return None
        finish = overall_finish(draft, FinishReason.STOP)
        return self._prediction(n, draft.text, jobs, finish, steps=len(draft.steps))

    def _direct(self, n: int, jobs: list[Job]) -> Generator[RunEvent, None, Prediction | None]:
        prompt = self._run.prompts[n]

        def make(engine: Engine) -> Request:
            words = prompt.length * _MOST_TIMES
            limit = min(_MOST_TOKENS, math.ceil(words * tokens_per_word(engine, prompt.language)) + 64)
            sampling = replace(self._studio.usual[0], seed=seed_of(self._seed, n, 0))
            return Request((user(prompt.prompt),), sampling, limit, guarded=True)

        job = self._studio.ask(make)

        def counted(progress: Progress) -> Progress:
            return replace(progress, paragraph=1, of=1, words=benchmark_count(job.text), target=prompt.length)

        if not (yield from self._showing(n, follow(self._studio, job, jobs, self._cancel), counted)):
            return None
        text = good_part((), job.text) if job.finish is FinishReason.LOOP else job.text
        return self._prediction(n, text.strip(), jobs, job.finish)

    def _showing(
        self,
        n: int,
        work: Generator[Progress, None, bool],
        shown: Callable[[Progress], Progress] = lambda progress: progress,
    ) -> Generator[RunEvent, None, bool]:
        """The work's progress as events."""
        while True:
            try:
                yield PieceWriting(n, len(self._run.prompts), shown(next(work)))
            except StopIteration as end:
                return bool(end.value)

    def _prediction(
        self, n: int, response: str, jobs: list[Job], finish: FinishReason, *, problem: str = "", steps: int = 0
    ) -> Prediction:
        tokens, seconds = sum(job.usage.written for job in jobs), sum(job.seconds for job in jobs)
        problem = problem or ("" if response.strip() else "No text came.")
        return Prediction(n, self._run.prompts[n], response, finish.value, problem, steps, tokens, seconds)


def _brief(prompt: Prompt) -> Brief:
    return Brief.create(prompt.prompt, prompt.length, prompt.language)
