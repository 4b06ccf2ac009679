"""Writing a paragraph again: with a wish, longer or shorter, only its seam, or several times to choose from; and
another main point for a step. Iterators of events like those of `pipeline`, with the present text in the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from longwriter_ui import prompts
from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Version
from longwriter_ui.edits.fields import index_of
from longwriter_ui.engine.base import Engine, Request, assistant
from longwriter_ui.errors import EditError, EngineError
from longwriter_ui.events import (
    AlternativeDone,
    Event,
    Events,
    Finished,
    ParagraphDone,
    ParagraphStarted,
    PointReady,
    Reading,
    TextDelta,
    Usage,
)
from longwriter_ui.plan import parse_plan
from longwriter_ui.prompts.task import Task, paragraph_task, part, revised_task
from longwriter_ui.writing import ATTEMPTS, Answer, Writer, repeats_itself, seed_of

ALTERNATIVES = 3  # texts to choose from, unless asked for another number
_OPENING = 240  # characters of a neighbour that a prompt shows
_GROWTH = {"longer": 1.4, "shorter": 0.65}
_POINT_TOKENS = 300
_SENTENCE = re.compile(r".+?(?:[.!?…][\"”’)]*(?=\s|$)|[。！？][”’」]*|$)\s*", re.DOTALL)


@dataclass(frozen=True)
class Revision:
    """How a paragraph is to be written again. how: "rewrite", "longer", "shorter" or "mend" (its first two sentences
    only); `wish` in the person's words; `fit`: lead up to the next paragraph."""

    how: str = "rewrite"
    wish: str = ""
    fit: bool = False

    def __post_init__(self) -> None:
        if self.how not in ("rewrite", "longer", "shorter", "mend"):
            raise EditError(f"A paragraph cannot be written again by {self.how!r}.")

    @property
    def is_plain(self) -> bool:
        """Whether the paragraph is just written anew, without its present text in view."""
        return self.how == "rewrite" and not self.wish.strip() and not self.fit


def task_of(draft: Draft, index: int, vocabulary: str, revision: Revision) -> tuple[Task, int]:
    """What the model is asked, and the words that should come back."""
    paragraph, language = draft.paragraphs[index], draft.brief.language
    if revision.is_plain or not paragraph.text.strip():
        return paragraph_task(draft, index, vocabulary), paragraph.step.words or 0
    if revision.how == "mend":
        beginning, rest = seam(paragraph.text)
        words = max(10, draft.count(beginning))
        request = prompts.mend(beginning.strip(), rest.strip()[:_OPENING], words, language)
    else:
        growth = _GROWTH.get(revision.how)
        present = draft.count(paragraph.text)
        words = max(20, round(present * growth / 10) * 10) if growth else paragraph.step.words or present
        following = draft.paragraphs[index + 1].text.strip() if index + 1 < len(draft.paragraphs) else ""
        opening = following[:_OPENING] if revision.fit else ""
        size = revision.how if growth else ""
        request = prompts.revise(prompts.Wish(revision.wish, size, opening, words), language)
    return revised_task(draft, index, vocabulary, request), words


def revise(current: Callable[[], Draft], writer: Writer, key: str, revision: Revision) -> Events:
    """Write paragraph `key` again; ends with Finished."""
    draft = current()
    index = index_of(draft, key)
    paragraph = draft.paragraphs[index]
    task, words = task_of(draft, index, writer.engine.info.vocabulary, revision)
    writer.engine.restore(draft.id, task.conversation)
    begun = _begun(draft, index, task, writer.engine)
    yield ParagraphStarted(key, begun, task.opening)
    for attempt in range(ATTEMPTS):
        trying = writer.against_repetition() if attempt else writer
        request = replace(_request(trying, draft, index, task, words, attempt), source=paragraph.text)
        if begun.text:
            going_on = assistant(part(begun, begun.vocabulary))
            request = replace(request, conversation=(*request.conversation, going_on))
        answer = Answer(begun, request)
        yield from _gathered(answer, writer, request, key)
        if answer.finish is not FinishReason.LOOP:
            break
        begun = answer.before_repetition(request.answers)
        yield ParagraphDone(key, begun if begun.text else None, answer.usage)
        if attempt == ATTEMPTS - 1:
            raise repeats_itself(kept=True)
        yield ParagraphStarted(key, begun)
    version = answer.version()
    if revision.how == "mend" and version.finish is not FinishReason.CANCELLED:
        rest = seam(paragraph.text)[1]
        joint = "" if not rest or draft.brief.language == "zh" else " "
        joint = "\n\n" if "\n" in seam(paragraph.text)[0][-2:] else joint
        # Its tokens are not those of one answer any more.
        version = replace(version, text=version.text + joint + rest.strip(), tokens=(), finish=FinishReason.STOP)
    yield ParagraphDone(key, version if answer.text.strip() else None, answer.usage)
    yield Finished(answer.finish, answer.usage)


def alternatives(current: Callable[[], Draft], writer: Writer, key: str, count: int) -> Events:
    """Write paragraph `key` `count` times over, each from the same prompt; its present text stays."""
    draft = current()
    index = index_of(draft, key)
    paragraph = draft.paragraphs[index]
    draft = replace(draft, mode=Mode.CONVERSATION) if draft.mode is Mode.ONESHOT else draft
    task = paragraph_task(draft, index, writer.engine.info.vocabulary)
    writer.engine.restore(draft.id, task.conversation)
    begun, usage, done = _begun(draft, index, task, writer.engine), Usage(), 0
    # Written in one batch, they cost far less than one after the other.
    requests = [_request(writer, draft, index, task, paragraph.step.words or 0, n) for n in range(count)]
    answers = [Answer(begun, request) for request in requests]
    for item in writer.engine.stream_together(requests, writer.cancel):
        if isinstance(item, Reading):
            yield item
            continue
        answer = answers[item.variant]
        answer.add(item)
        if item.finish is None:
            continue
        usage += answer.usage
        looped = item.finish is FinishReason.LOOP
        version = answer.before_repetition(requests[item.variant].answers) if looped else answer.version()
        if item.finish is not FinishReason.CANCELLED and version.text.strip():
            done += 1
            yield AlternativeDone(key, done, count, version)
    cancelled = any(answer.finish is FinishReason.CANCELLED for answer in answers)
    if not done and any(answer.finish is FinishReason.LOOP for answer in answers):
        raise repeats_itself(kept=True)
    if not done and not cancelled:
        raise EngineError("The model wrote nothing.", "Try again, or ask for it in other words.", retryable=True)
    yield Finished(FinishReason.CANCELLED if cancelled else FinishReason.STOP, usage)


def suggest(current: Callable[[], Draft], writer: Writer, key: str) -> Events:
    """Another main point for the step `key`; its words stay."""
    draft = current()
    index = index_of(draft, key)
    conversation = prompts.point_prompt(draft.brief, draft.steps, index)
    writer.engine.reserve(writer.engine.measure(conversation).total + _POINT_TOKENS)
    sampling = replace(writer.sampling, seed=(draft.seed + sum(draft.steps[index].main_point.encode())) & 0xFFFFFFFF)
    grammar = prompts.plan_grammar(draft.brief.language).replace("{0,49}", "{0,0}")
    form = prompts.plan_form(draft.brief.language, 1)
    request = Request(conversation, sampling, _POINT_TOKENS, grammar, form=form)
    answer = Answer(Version("", Author.MODEL), request)
    yield from _gathered(answer, writer, request, None)
    if answer.finish is not FinishReason.CANCELLED:
        yield PointReady(key, parse_plan(answer.text).steps[0].main_point)
    yield Finished(answer.finish, answer.usage)


def seam(text: str) -> tuple[str, str]:
    """The first two sentences of a text, and the rest."""
    ends = [match.end() for match in _SENTENCE.finditer(text)][:2]
    cut = ends[-1] if ends else len(text)
    return text[:cut], text[cut:]


def _begun(draft: Draft, index: int, task: Task, engine: Engine) -> Version:
    return Version(
        "",
        Author.MODEL,
        FinishReason.CANCELLED,
        basis=draft.basis(index),
        prompt=task.prompt,
        rest=draft.rest(index + 1),
        vocabulary=engine.info.vocabulary,
    )


def _request(writer: Writer, draft: Draft, index: int, task: Task, words: int, attempt: int) -> Request:
    seed = seed_of(draft.seed, index, draft.paragraphs[index].versions + attempt)
    request = writer.request(draft, task.conversation, seed, words, words or None)
    writer.engine.reserve(writer.engine.measure(task.conversation).total + request.max_tokens)
    return request


def _gathered(answer: Answer, writer: Writer, request: Request, key: str | None) -> Iterator[Event]:
    """Fill in the answer; what comes is told as text of the paragraph `key`, if there is one."""
    for item in writer.engine.stream(request, writer.cancel):
        if isinstance(item, Reading):
            yield item
            continue
        answer.add(item)
        if item.text and key is not None:
            yield TextDelta(key, item.text, item.tokens_per_second)
    if not answer.text.strip() and answer.finish is not FinishReason.CANCELLED:
        raise EngineError("The model wrote nothing.", "Try again, or ask for it in other words.", retryable=True)
