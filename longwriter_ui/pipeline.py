"""Brief to plan, draft to text: iterators of events. Sees only the engine's contract and the prompts.

`write` asks for the draft again before each paragraph, so an edit made while it runs is what the model works from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from longwriter_ui import prompts
from longwriter_ui.brief import Brief
from longwriter_ui.debt import goal_words, told_words
from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Version
from longwriter_ui.engine.base import Cancel, Chunk, Engine, LengthGoal, LengthMode, Request, Sampling, user
from longwriter_ui.errors import EngineError
from longwriter_ui.events import (
    Event,
    Finished,
    ParagraphDone,
    ParagraphStarted,
    PlanDelta,
    PlanReady,
    Reading,
    TextDelta,
    Usage,
)
from longwriter_ui.oneshot import Cutter
from longwriter_ui.plan import fit_counts, parse_plan
from longwriter_ui.prompts.task import Task, continued_task, oneshot_task, paragraph_task

_PLAN_TOKENS = 4096  # fifty lines of a plan, amply
_OVERRUN = 2.5  # an answer may be this many times its target before it is cut off
_MARGIN = 1.15  # room kept for paragraphs that run over their counts
_SAMPLES = {
    "en": "The keeper climbed the stairs each evening, trimmed the wick, and waited for the first ships to pass.",
    "zh": "每天傍晚，守塔人沿着石阶走上去，修剪灯芯，点亮灯火，然后静静地等待第一艘船从远处驶过。",
}


@dataclass(frozen=True)
class Writer:
    """What writing needs besides the draft: the engine, the sampler settings, the wish to stop, and how closely
    paragraphs are held to their lengths."""

    engine: Engine
    sampling: Sampling
    cancel: Cancel
    length: LengthMode = LengthMode.GENTLE

    def request(self, task: Task, seed: int, max_tokens: int, language: str, words: int | None) -> Request:
        goal = LengthGoal(words, language, self.length) if words and self.length is not LengthMode.OFF else None
        return Request(task.conversation, replace(self.sampling, seed=seed), max_tokens, length=goal)


def plan(brief: Brief, engine: Engine, sampling: Sampling, cancel: Cancel) -> Iterator[Event]:
    """Events from PlanDelta to PlanReady and Finished. PlanError, with the raw text, when no step can be read."""
    conversation = prompts.plan_prompt(brief)
    engine.reserve(engine.measure(conversation).total + _PLAN_TOKENS // 4)
    request = Request(conversation, sampling, _PLAN_TOKENS, prompts.plan_grammar(brief.language))
    text, last = "", None
    for item in engine.stream(request, cancel):
        if isinstance(item, Reading):
            yield item
            continue
        last = item
        text += item.text
        if item.text:
            yield PlanDelta(item.text, item.tokens_per_second)
    usage = _usage(last)
    if last is not None and last.finish is FinishReason.CANCELLED:
        yield Finished(FinishReason.CANCELLED, usage)
        return
    steps = parse_plan(text).steps
    if last is not None and last.finish is FinishReason.LENGTH and len(steps) > 1 and steps[-1].words is None:
        steps = steps[:-1]  # the line that the limit cut off
    yield PlanReady(fit_counts(steps, brief.target_words), text)
    yield Finished(FinishReason.STOP, usage)


def write(current: Callable[[], Draft], writer: Writer, keys: Sequence[str] | None = None) -> Iterator[Event]:
    """Write every unfinished paragraph, or the paragraphs `keys` anew; ends with Finished.

    A stopped paragraph is continued where it broke off. Raises EngineError (ContextTooSmall before anything is
    written, with the numbers, when the piece does not fit).
    """
    draft = current()
    writer.engine.reserve(context_needed(draft, writer.engine, keys))
    usage = Usage()
    if _in_one_answer(draft, keys):
        events = _write_oneshot(current, writer)
    else:
        events = _write_paragraphs(current, writer, keys)
    for event in events:
        if isinstance(event, ParagraphDone):
            usage += event.usage
        if isinstance(event, Finished):
            event = Finished(event.reason, usage)
        yield event


def context_needed(draft: Draft, engine: Engine, keys: Sequence[str] | None = None) -> int:
    """Tokens the conversation will have when the piece is written, with a margin for paragraphs that run over."""
    todo = _todo(draft, keys)
    if not todo:
        return 0
    vocabulary, language = engine.info.vocabulary, draft.brief.language
    if _in_one_answer(draft, keys):
        begun = oneshot_task(draft, todo[0], vocabulary)
    else:
        # A rewrite sees what comes before it, so the last one is the longest.
        todo = todo if keys is None else todo[-1:]
        begun = paragraph_task(draft, todo[0], vocabulary)
    coming = [(i + 1, draft.paragraphs[i].step) for i in todo]
    turns = "".join(prompts.turn(n, step, language) for n, step in coming[1:])
    words = sum(step.words or 0 for _, step in coming)
    return (
        engine.measure(begun.conversation).total
        + (engine.measure((user(turns),)).total if draft.mode is Mode.CONVERSATION else 0)
        + math.ceil(words * tokens_per_word(engine, language) * _MARGIN)
    )


def tokens_per_word(engine: Engine, language: str) -> float:
    """How many tokens this vocabulary needs for a word (a character in Chinese), from a sample sentence."""
    sample = _SAMPLES["zh" if language == "zh" else "en"]
    empty = engine.measure((user(""),)).total
    count = len(sample) if language == "zh" else len(sample.split())
    # Vocabularies are made for English and Chinese; other languages take about half as many tokens again.
    scale = 1.0 if language in _SAMPLES else 1.5
    return scale * (engine.measure((user(sample),)).total - empty) / count


def _todo(draft: Draft, keys: Sequence[str] | None) -> list[int]:
    """What is to be written; a step that somebody has just added and not yet filled in is left for later."""
    wanted = None if keys is None else set(keys)
    return [
        i
        for i, p in enumerate(draft.paragraphs)
        if (p.key in wanted if wanted is not None else not p.finished and p.step.main_point)
    ]


def _in_one_answer(draft: Draft, keys: Sequence[str] | None) -> bool:
    """Whether all that is to be written is one answer: in `oneshot` mode, where only the end is missing."""
    todo = _todo(draft, keys)
    return draft.mode is Mode.ONESHOT and keys is None and todo == list(range(len(draft.paragraphs)))[-len(todo) :]


def _write_paragraphs(current: Callable[[], Draft], writer: Writer, keys: Sequence[str] | None) -> Iterator[Event]:
    waiting = list(keys) if keys is not None else None
    while True:
        draft = current()
        todo = _todo(draft, waiting)
        if not todo:
            yield Finished(FinishReason.STOP)
            return
        index = todo[0]
        key = draft.paragraphs[index].key
        if waiting is not None:
            waiting.remove(key)
        finish = yield from _write_one(draft, index, writer, anew=keys is not None)
        if finish is FinishReason.CANCELLED:
            yield Finished(FinishReason.CANCELLED)
            return


def _write_one(draft: Draft, index: int, writer: Writer, *, anew: bool) -> Generator[Event, None, FinishReason]:
    """One paragraph; returns its finish reason. An empty answer is asked for once more with another seed."""
    paragraph, vocabulary = draft.paragraphs[index], writer.engine.info.vocabulary
    stopped = paragraph.version if not anew and paragraph.version is not None and paragraph.text.strip() else None
    planned = paragraph.step.words
    words = planned if anew or writer.length is LengthMode.OFF else goal_words(draft, index)
    make_task = continued_task if stopped else paragraph_task
    task = make_task(draft, index, vocabulary, told_words(planned, words))
    begun = Version(
        stopped.text if stopped else "",
        Author.MODEL,
        FinishReason.CANCELLED,
        basis=draft.basis(index),
        prompt=task.prompt,
        rest=stopped.rest if stopped else draft.rest(index + 1),
        tokens=stopped.tokens if stopped and stopped.vocabulary == vocabulary else (),
        vocabulary=vocabulary,
    )
    yield ParagraphStarted(paragraph.key, begun, task.opening)
    usage = Usage()
    for attempt in range(2):
        seed = _seed(draft.seed, index, paragraph.versions + attempt)
        answer = _Answer(begun, complete=not stopped or bool(begun.tokens))
        request = writer.request(task, seed, _limit(draft, words, writer.engine), draft.brief.language, words)
        for item in writer.engine.stream(request, writer.cancel):
            if isinstance(item, Reading):
                yield item
            else:
                answer.add(item)
                if item.text:
                    yield TextDelta(paragraph.key, item.text, item.tokens_per_second)
        usage += answer.usage
        if answer.text.strip() or answer.finish is FinishReason.CANCELLED:
            break
    else:
        raise EngineError(
            "The model wrote nothing for this paragraph.", "Try again, or change its main point.", retryable=True
        )
    yield ParagraphDone(paragraph.key, answer.version() if answer.text.strip() else None, usage)
    return answer.finish


def _write_oneshot(current: Callable[[], Draft], writer: Writer) -> Iterator[Event]:
    """One answer for all that is left, cut into paragraphs as it comes."""
    draft = current()
    todo = _todo(draft, None)
    if not todo:
        yield Finished(FinishReason.STOP)
        return
    engine = writer.engine
    task = oneshot_task(draft, todo[0], engine.info.vocabulary)
    words = sum(draft.paragraphs[i].step.words or 0 for i in todo)
    limit = _limit(draft, words, engine)
    # One answer holds the whole piece, so what is written already is its beginning.
    whole = sum(step.words or 0 for step in draft.steps)
    cutter = Cutter(draft, todo, engine.info.vocabulary)
    request = writer.request(task, _seed(draft.seed, todo[0], 0), limit, draft.brief.language, whole)
    for item in engine.stream(request, writer.cancel):
        if isinstance(item, Reading):
            yield item
        else:
            yield from cutter.add(item)
    if cutter.finish is FinishReason.CANCELLED:
        yield Finished(FinishReason.CANCELLED)
        return
    if not cutter.wrote:
        raise EngineError(
            "The model considers the piece finished and wrote nothing more.",
            "Write the rest in conversation mode, paragraph by paragraph.",
        )
    yield Finished(FinishReason.STOP)


class _Answer:
    """An answer as it grows, from the version it began with."""

    def __init__(self, begun: Version, *, complete: bool) -> None:
        self._begun = begun
        self._complete = complete  # whether the ids of everything so far are known
        self._text = [begun.text]
        self._tokens = list(begun.tokens)
        self._last: Chunk | None = None

    def add(self, chunk: Chunk) -> None:
        self._text.append(chunk.text)
        self._tokens.extend(chunk.tokens)
        self._last = chunk

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def finish(self) -> FinishReason:
        return self._last.finish if self._last and self._last.finish else FinishReason.ERROR

    @property
    def usage(self) -> Usage:
        return _usage(self._last)

    def version(self) -> Version:
        """The answer as a version; a stopped one keeps its trailing space, so that it can be continued exactly."""
        text = self.text if self.finish is FinishReason.CANCELLED else self.text.strip(" \t\n")
        tokens = tuple(self._tokens) if self._complete else ()
        return replace(self._begun, text=text, finish=self.finish, tokens=tokens)


def _usage(chunk: Chunk | None) -> Usage:
    return Usage(chunk.read, chunk.reused, chunk.written) if chunk else Usage()


def _limit(draft: Draft, words: int | None, engine: Engine) -> int:
    return math.ceil((words or 0) * tokens_per_word(engine, draft.brief.language) * _OVERRUN) + 64


def _seed(seed: int, index: int, attempt: int) -> int:
    """A sampler seed (32 bits) for one answer: another for each paragraph and for each time it is written."""
    return (seed * 1_000_003 + index * 8_191 + attempt * 131) & 0xFFFFFFFF
