"""Does a job: runs the pipeline with the model in use and stores what comes."""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from longwriter_ui import pipeline
from longwriter_ui.draft import Draft, FinishReason, Mode
from longwriter_ui.engine.base import Cancel, Engine, LengthMode, Sampling, user
from longwriter_ui.engine.estimate import rough_tokens
from longwriter_ui.errors import LoadCancelled, LongWriterError, StoreError
from longwriter_ui.events import Event, Failed, Finished, ParagraphDone, ParagraphStarted, TextDelta
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.jobs import Job
from longwriter_ui.manner import Manner
from longwriter_ui.models import Models
from longwriter_ui.progress import Pace
from longwriter_ui.recorder import Recorder
from longwriter_ui.revision import Revision, task_of
from longwriter_ui.store.drafts import DraftStore

_log = logging.getLogger(__name__)

_MEASURED = 50  # tokens written; the speed of fewer says little


@dataclass(frozen=True)
class Price:
    """What writing costs: tokens to be read first, seconds of reading and of writing (None: not measured yet)."""

    tokens: int
    reading: float | None
    writing: float | None


class Performer:
    """The worker's side of the studio, and what it knows of the model's speed."""

    def __init__(
        self,
        store: DraftStore,
        host: EngineHost,
        ready: Callable[[Cancel, Callable[[Event], None]], Engine],
        models: Models,
        sampling: Sampling | None,
        length: LengthMode | None,
        usual_length: Callable[[], LengthMode],
    ) -> None:
        """`ready` gives the engine, telling what happens until it is there. `sampling` and `length` hold for every job
        where they are given, else each draft's own; `usual_length` where it has none."""
        self._store = store
        self._host = host
        self._ready = ready
        self._models = models
        self._sampling = sampling
        self._length = length
        self._usual_length = usual_length
        self._measured: tuple[ModelChoice | None, Pace] = (None, Pace())  # how fast the model of the last job is

    def perform(self, job: Job) -> None:
        """Run the job to its end; its last event is Finished or Failed. A store that fails while the failure of the job
        is being written down is the same trouble once more, so the first reason is the one that is told."""
        failure: LongWriterError | None = None
        try:
            self._store.recover(job.draft_id)  # first, or half a plan would count as one that the person made
            propose = job.kind == "plan" and self._store.get(job.draft_id).edited_steps > 0
            with Recorder(self._store, job.draft_id, propose=propose) as recorder:
                try:
                    self._run(job, recorder)
                except LoadCancelled:
                    job.emit(Finished(FinishReason.CANCELLED))
                except LongWriterError as error:
                    failure = error
                    recorder.failed(error)
        except LongWriterError as error:
            failure = failure or error
        finally:
            self._close(job.draft_id)
        if failure is not None:
            job.emit(Failed(failure))

    def price(self, draft: Draft, index: int, how: Revision, more_words: int = 0) -> Price:
        """That of paragraph `index`, and of `more_words` written with it; measured where the model is loaded, else from
        the length of the text."""
        engine = self._host.loaded
        vocabulary = engine.info.vocabulary if engine else ""
        task, words = task_of(draft, index, vocabulary, how)
        per_word = pipeline.tokens_per_word(engine, draft.brief.language) if engine else 1.3
        if engine:
            tokens = engine.measure(task.conversation).unread
        else:
            tokens = sum(self.tokens(turn.text) for turn in task.conversation)
        measured, pace = self._measured
        choice = self._host.choice
        if measured != choice:
            pace = Pace()
        path = choice.path if choice is not None else None
        speed = pace.writing or (self._models.speeds.of(path) if path is not None else None)
        return Price(
            tokens,
            tokens / pace.reading if pace.reading else None,
            (words + more_words) * per_word / speed if speed else None,
        )

    def price_of_writing(self, draft: Draft, start: int | None = None) -> Price:
        """That of every unfinished paragraph, or of all from the paragraph `start` on."""
        unfinished = [i for i, paragraph in enumerate(draft.paragraphs) if not paragraph.finished]
        todo = unfinished if start is None else range(start, len(draft.paragraphs))
        if not todo:
            return Price(0, 0.0, 0.0)
        return self.price(draft, todo[0], Revision(), sum(draft.steps[i].words or 0 for i in todo[1:]))

    def tokens(self, text: str) -> int:
        engine = self._host.loaded
        if engine is None:
            return rough_tokens(text)
        return engine.measure((user(text),)).total - engine.measure((user(""),)).total

    def _close(self, draft_id: str) -> None:
        """Nothing to do unless the job broke off; a store that cannot be written now is put right by the next job."""
        try:
            self._store.recover(draft_id)
        except StoreError as error:
            _log.warning("The draft %s is left as it is: %s", draft_id, error)

    def _writer(self, engine: Engine, draft: Draft, job: Job) -> pipeline.Writer:
        """What the job writes with, as the draft has it."""
        manner = draft.manner
        sampling, length = self.usual(manner)
        return pipeline.Writer(engine, sampling, job.cancelled, length, manner.guard is not False)

    def usual(self, manner: Manner) -> tuple[Sampling, LengthMode]:
        """What a draft of this manner is sampled with (but for its seed), and how closely it is held to its lengths."""
        sampling = self._sampling or replace(Sampling(), **manner.sampler)  # type: ignore[arg-type]
        own = LengthMode(manner.length) if manner.length else self._usual_length()
        return sampling, self._length or own

    def _makes_way(self, job: Job, done: ParagraphDone) -> bool:
        """Whether the job's turn is over with this paragraph: it is whole, others wait, and more is to be written."""
        whole = done.version is not None and done.version.finish in (FinishReason.STOP, FinishReason.LENGTH)
        if job.kind != "write" or job.work is not None or not whole:
            return False
        if job.keys is not None:
            job.keys = [key for key in job.keys if key != done.key]
        if job.others_wait():
            draft = self._store.get(job.draft_id)
            left = any(p.key in job.keys if job.keys is not None else not p.finished for p in draft.paragraphs)
            job.turn_over = left and draft.mode is not Mode.PARALLEL  # whose paragraphs are one batch
        return job.turn_over

    def _run(self, job: Job, recorder: Recorder) -> None:
        draft = self._store.get(job.draft_id)

        def tell(event: Event) -> None:
            job.meter.update(event, draft)
            job.emit(event)

        began = time.monotonic()
        engine = self._ready(job.cancelled, tell)
        job.load_seconds += time.monotonic() - began
        job.model = self._host.in_memory
        if self._measured[0] != job.model:
            self._measured = (job.model, Pace())
        pace = self._measured[1]
        job.meter.begin(draft, pipeline.tokens_per_word(engine, draft.brief.language), job.keys)

        def current() -> Draft:
            return self._store.get(job.draft_id)

        writer = self._writer(engine, draft, job)
        if job.work is not None:
            events = job.work(current, writer)
        elif job.kind == "plan":
            # Another try at a plan is another plan, though one that can be repeated.
            seed = draft.seed ^ zlib.crc32(draft.raw_plan.encode()) if draft.raw_plan else draft.seed
            sampling = replace(writer.sampling, seed=seed)
            events = pipeline.plan(draft.brief, engine, sampling, job.cancelled)
        else:
            events = pipeline.write(current, writer, job.keys)
        # Closed here and now: an error of the store leaves the engine in the middle of an answer, and busy.
        with closing(events):
            for event in events:
                recorder.record(event)
                if isinstance(event, ParagraphStarted):
                    draft = self._store.get(job.draft_id)
                event = pace.update(event, time.monotonic())
                job.meter.reading = pace.reading
                job.meter.update(event, draft)
                job.emit(event)
                if isinstance(event, TextDelta):
                    pace.rest(job.rest())
                elif isinstance(event, ParagraphDone) and self._makes_way(job, event):
                    break
        if job.kind in ("write", "choose"):  # what other jobs read is not what the next paragraph goes on from
            engine.save(job.draft_id)
        path = job.model.path if job.model is not None else None
        if job.kind == "write" and job.usage.written >= _MEASURED and path is not None:
            self._models.speeds.record(path, job.meter.progress.tokens_per_second)
