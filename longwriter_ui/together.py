"""Writing every step at once, in `parallel` mode: each from the instruction and the plan alone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from longwriter_ui.draft import Draft, FinishReason
from longwriter_ui.errors import EngineError
from longwriter_ui.events import Event, Events, Finished, ParagraphDone, ParagraphStarted, Reading, TextDelta
from longwriter_ui.prompts.task import continued_task, paragraph_task
from longwriter_ui.writing import ATTEMPTS, Answer, Writer, begin, repeats_itself, seed_of


def write_together(current: Callable[[], Draft], todo: Callable[[Draft], Sequence[int]], writer: Writer) -> Events:
    """All unfinished paragraphs; those that came to nothing or repeated themselves once more. Ends with Finished."""
    looped = False
    for attempt in range(ATTEMPTS):
        draft = current()
        indices = todo(draft)
        if not indices:
            yield Finished(FinishReason.STOP)
            return
        ends = yield from _write_batch(draft, indices, writer.against_repetition() if looped else writer, attempt)
        if FinishReason.CANCELLED in ends:
            yield Finished(FinishReason.CANCELLED)
            return
        looped = FinishReason.LOOP in ends
    if looped:
        raise repeats_itself()
    if todo(current()):
        raise EngineError(
            "The model wrote nothing for some of the paragraphs.", "Try again, or change their main points.",
            retryable=True,
        )  # fmt: skip
    yield Finished(FinishReason.STOP)


def _write_batch(
    draft: Draft, indices: Sequence[int], writer: Writer, attempt: int
) -> Generator[Event, None, list[FinishReason]]:
    """One batch; returns the finish reasons. A paragraph starts with its first text."""
    vocabulary = writer.engine.info.vocabulary
    answers, requests, openings = [], [], []
    for index in indices:
        paragraph = draft.paragraphs[index]
        stopped = paragraph.version if paragraph.text.strip() else None
        task = (continued_task if stopped else paragraph_task)(draft, index, vocabulary)
        seed = seed_of(draft.seed, index, paragraph.versions + attempt)
        words = paragraph.step.words
        requests.append(writer.request(draft, task.conversation, seed, words or 0, words))
        answers.append(Answer(begin(draft, index, stopped, task, vocabulary), requests[-1]))
        openings.append(task.opening)
    started: set[int] = set()
    ends: list[FinishReason] = []
    for event in writer.engine.stream_together(requests, writer.cancel):
        if isinstance(event, Reading):
            yield event
            continue
        answer, key = answers[event.variant], draft.paragraphs[indices[event.variant]].key
        if event.text and event.variant not in started:
            started.add(event.variant)
            yield ParagraphStarted(key, answer.begun, openings[event.variant])
        answer.add(event)
        if event.text:
            yield TextDelta(key, event.text, event.tokens_per_second)
        if event.finish is not None:
            ends.append(event.finish)
            if event.variant in started:
                earlier = requests[event.variant].answers
                looped = event.finish is FinishReason.LOOP
                version = answer.before_repetition(earlier) if looped else answer.version()
                yield ParagraphDone(key, version, answer.usage)
    return ends
