"""Writes a job's events into the store while they come.

Streaming text is gathered and flushed by a thread of its own every 0.3 s, so that even with a stalled model or a slow
disk no more than half a second of it is lost when the process is killed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from longwriter_ui.draft import PLAN_UNFINISHED, Draft, Paragraph, Version, new_key
from longwriter_ui.edits import apply_edit
from longwriter_ui.edits.fields import index_of
from longwriter_ui.errors import LongWriterError, PlanError
from longwriter_ui.events import (
    AlternativeDone,
    Event,
    ParagraphDone,
    ParagraphStarted,
    PlanDelta,
    PlanReady,
    PointReady,
    TextDelta,
)
from longwriter_ui.plan import Step, fill_counts, parse_plan, render_plan
from longwriter_ui.store.drafts import DraftStore

_log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.3


class Recorder:
    """Stores the events of one job on one draft; a context manager around the job."""

    def __init__(self, store: DraftStore, draft_id: str, *, propose: bool = False) -> None:
        """`propose`: a new plan waits to be accepted, and the present one stays."""
        self._store = store
        self._propose = propose
        self._draft_id = draft_id
        self._pending: dict[str, str] = {}  # of each paragraph being written, the text that is not stored yet
        self._plan = ""
        self._kin = "plan:" + new_key()  # the plan grows line by line, and is undone as one
        self._lock = threading.Lock()
        self._error: LongWriterError | None = None
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._flush_regularly, name="longwriter-flush", daemon=True)

    def __enter__(self) -> Recorder:
        self._flusher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._flusher.join()
        if error is not None:
            try:
                self._flush()  # what came last before an error that nobody foresaw
            except LongWriterError:
                _log.warning("text that was not stored is lost", exc_info=True)

    def record(self, event: Event) -> None:
        """Store one event; a StoreError of the flushing thread arises here."""
        if self._error is not None:
            raise self._error
        if isinstance(event, ParagraphStarted):
            self._store.begin(self._draft_id, event.key, event.version, event.opening)
            with self._lock:
                self._pending[event.key] = ""
        elif isinstance(event, TextDelta):
            with self._lock:
                self._pending[event.key] += event.text
        elif isinstance(event, ParagraphDone):
            with self._lock:  # or text could be appended to a paragraph that is done, and turn up in the next one
                self._store.finish(self._draft_id, event.key, event.version)
                del self._pending[event.key]  # only now: had it failed, this text would be all there is
        elif isinstance(event, PlanDelta):
            self._grow_plan(event.text)
        elif isinstance(event, PlanReady):
            steps = event.steps
            self._change(lambda draft: self._planned(draft, steps, event.raw))
        elif isinstance(event, AlternativeDone):
            version = event.version
            fresh = event.number == 1
            self._change(lambda draft: _with_offer(draft, event.key, version, fresh), "alternatives")
        elif isinstance(event, PointReady):
            op = {"do": "edit_step", "key": event.key, "main_point": event.main_point}
            self._change(lambda draft: apply_edit(draft, op), "suggest")

    def failed(self, error: LongWriterError) -> None:
        """The job ended in `error`: keep the text so far, mark where it happened."""
        if self._pending:
            self._flush()
            for key in self._pending:
                self._store.finish(self._draft_id, key, None, problem=str(error))
        elif isinstance(error, PlanError) and not self._propose:
            self._change(lambda d: replace(d, paragraphs=(), raw_plan=error.raw, planning_problem=str(error)))

    def _change(self, edit: Callable[[Draft], Draft], label: str = "plan") -> None:
        self._store.change(self._draft_id, edit, label=label, kin=self._kin)

    def _planned(self, draft: Draft, steps: tuple[Step, ...], raw: str) -> Draft:
        if self._propose:
            return replace(draft, proposal=render_plan(steps, draft.brief.language))
        return _with_steps(draft, steps, raw)

    def _grow_plan(self, text: str) -> None:
        """Show each step as soon as its line is whole."""
        self._plan += text
        if "\n" not in text or self._propose:
            return
        whole = self._plan[: self._plan.rindex("\n") + 1]
        try:
            steps = parse_plan(whole).steps
        except PlanError:
            return  # nothing but a preamble so far
        self._change(
            lambda draft: replace(
                _with_steps(draft, fill_counts(steps, draft.brief.target_words), whole),
                planning_problem=PLAN_UNFINISHED,  # until PlanReady: half a plan must never be taken for a whole one
            )
        )

    def _flush(self) -> None:
        with self._lock:
            for key, text in self._pending.items():
                if text:
                    self._store.append(self._draft_id, key, text)
                    self._pending[key] = ""

    def _flush_regularly(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            try:
                self._flush()
            except LongWriterError as error:
                self._error = error
                return


def _with_offer(draft: Draft, key: str, version: Version, fresh: bool) -> Draft:
    """One more alternative beside the paragraph's text; those of an earlier time go."""
    paragraph = draft.paragraphs[index_of(draft, key)]
    offered = (version,) if fresh else (*paragraph.offered, version)
    return draft.with_paragraph(replace(paragraph, offered=offered))


def _with_steps(draft: Draft, steps: tuple[Step, ...], raw: str) -> Draft:
    """The draft with this plan; cards that are there already keep their keys, so a view need not redraw them."""
    kept = draft.paragraphs[: len(steps)]
    paragraphs = tuple(
        replace(kept[i], step=step) if i < len(kept) else Paragraph(step) for i, step in enumerate(steps)
    )
    return replace(draft, paragraphs=paragraphs, raw_plan=raw, planning_problem="")
