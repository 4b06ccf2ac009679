"""Brief to plan, draft to text: iterators of events. Sees only the engine's contract and the prompts.

`write` asks for the draft again before each paragraph, so an edit made while it runs is what the model works from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from longwriter_ui import prompts
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft, FinishReason, Mode
from longwriter_ui.edits import MAX_STEPS
from longwriter_ui.engine.base import Cancel, Engine, Request, Sampling, user
from longwriter_ui.errors import EngineError, PlanError
from longwriter_ui.events import (
    Events,
    Finished,
    ParagraphDone,
    PlanDelta,
    PlanReady,
    Reading,
    Usage,
)
from longwriter_ui.oneshot import Cutter
from longwriter_ui.plan import fit_counts, parse_plan
from longwriter_ui.prompts.task import Task, oneshot_task, paragraph_task
from longwriter_ui.together import write_together
from longwriter_ui.writing import Writer, repeats_itself, seed_of, tokens_per_word, usage_of, write_paragraph

_PLAN_TOKENS = 4096  # fifty lines of a plan, amply
_MARGIN = 1.15  # room kept for paragraphs that run over their counts


def plan(brief: Brief, engine: Engine, sampling: Sampling, cancel: Cancel) -> Events:
    """Events from PlanDelta to PlanReady and Finished. PlanError, with the raw text, when no step can be read."""
    conversation = prompts.plan_prompt(brief)
    engine.reserve(engine.measure(conversation).total + _PLAN_TOKENS // 4)
    form = prompts.plan_form(brief.language)
    request = Request(conversation, sampling, _PLAN_TOKENS, prompts.plan_grammar(brief.language), form=form)
    text, last = "", None
    for item in engine.stream(request, cancel):
        if isinstance(item, Reading):
            yield item
            continue
        last = item
        text += item.text
        if item.text:
            yield PlanDelta(item.text, item.tokens_per_second)
    usage = usage_of(last)
    if last is not None and last.finish is FinishReason.CANCELLED:
        yield Finished(FinishReason.CANCELLED, usage)
        return
    steps = parse_plan(text).steps
    if last is not None and last.finish is FinishReason.LENGTH and len(steps) > 1 and steps[-1].words is None:
        steps = steps[:-1]  # the line that the limit cut off
    if len(steps) > MAX_STEPS:
        raise PlanError(
            f"This plan has {len(steps):,} steps; the most is {MAX_STEPS}.", "Merge some of them.", raw=text
        )
    yield PlanReady(fit_counts(steps, brief.target_words), text)
    yield Finished(FinishReason.STOP, usage)


def write(current: Callable[[], Draft], writer: Writer, keys: Sequence[str] | None = None) -> Events:
    """Write every unfinished paragraph, or the paragraphs `keys` anew; ends with Finished.

    A stopped paragraph is continued where it broke off. Raises EngineError (ContextTooSmall before anything is
    written, with the numbers, when the piece does not fit).
    """
    draft = current()
    if todo := _todo(draft, keys):
        writer.engine.restore(draft.id, _first_task(draft, todo[0], writer.engine, keys).conversation)
    writer.engine.reserve(context_needed(draft, writer.engine, keys))
    usage = Usage()
    if _in_one_answer(draft, keys):
        events = _write_oneshot(current, writer)
    elif draft.mode is Mode.PARALLEL and keys is None:
        events = write_together(current, lambda draft: _todo(draft, None), writer)
    else:
        events = _write_paragraphs(current, writer, keys)
    for event in events:
        if isinstance(event, ParagraphDone):
            usage += event.usage
        if isinstance(event, Finished):
            event = Finished(event.reason, usage)
        yield event


def context_needed(draft: Draft, engine: Engine, keys: Sequence[str] | None = None) -> int:
    """Tokens the longest conversation will have when everything is written, with a margin for paragraphs that run
    over. It is the last one: all that is written by then stands before it."""
    todo = _todo(draft, keys)
    if not todo:
        return 0
    vocabulary, per_word = engine.info.vocabulary, tokens_per_word(engine, draft.brief.language) * _MARGIN
    wanted = {i: draft.paragraphs[i].step.words or 0 for i in todo}
    if _in_one_answer(draft, keys):
        begun = oneshot_task(draft, todo[0], vocabulary).conversation
        return engine.measure(begun).total + math.ceil(sum(wanted.values()) * per_word)
    tasks = {i: paragraph_task(draft, i, vocabulary) for i in todo}
    if draft.mode is Mode.PARALLEL:
        return max(engine.measure(tasks[i].conversation).total + math.ceil(wanted[i] * per_word) for i in todo)
    last = todo[-1]
    # What there is of the earlier ones stands in the conversation of the last already; the rest comes on top.
    coming = sum(max(0, wanted[i] - draft.count(draft.paragraphs[i].text)) for i in todo[:-1]) + wanted[last]
    turns = "" if draft.mode is Mode.AGENTWRITE else _new_turns(draft, todo[:-1], tasks)
    return (
        engine.measure(tasks[last].conversation).total
        + (engine.measure((user(turns),)).total if turns else 0)
        + math.ceil(coming * per_word)
    )


def _new_turns(draft: Draft, indices: Sequence[int], tasks: Mapping[int, Task]) -> str:
    """What these paragraphs will be asked for by, where the conversation does not have it yet."""
    turns = []
    for i in indices:
        paragraph, before = draft.paragraphs[i], i - 1 in tasks
        # Of paragraphs written one after the other only the first is told that the plan has changed.
        turn = prompts.turn(i + 1, paragraph.step, draft.brief.language, draft.cue(i)) if before else tasks[i].prompt
        if paragraph.version is None or paragraph.version.prompt != turn:
            turns.append(turn)
    return "".join(turns)


def _first_task(draft: Draft, index: int, engine: Engine, keys: Sequence[str] | None) -> Task:
    make_task = oneshot_task if _in_one_answer(draft, keys) else paragraph_task
    return make_task(draft, index, engine.info.vocabulary)


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


def _write_paragraphs(current: Callable[[], Draft], writer: Writer, keys: Sequence[str] | None) -> Events:
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
        finish = yield from write_paragraph(draft, index, writer, anew=keys is not None)
        if finish is FinishReason.CANCELLED:
            yield Finished(FinishReason.CANCELLED)
            return


def _write_oneshot(current: Callable[[], Draft], writer: Writer, attempt: int = 0) -> Events:
    """One answer for all that is left, cut into paragraphs as it comes. One that repeats itself is taken back to its
    last good sentence, and goes on from there once."""
    draft = current()
    todo = _todo(draft, None)
    if not todo:
        yield Finished(FinishReason.STOP)
        return
    engine = writer.engine
    words = sum(draft.paragraphs[i].step.words or 0 for i in todo)
    # One answer holds the whole piece, so what is written already is its beginning.
    whole = sum(step.words or 0 for step in draft.steps)
    task = oneshot_task(draft, todo[0], engine.info.vocabulary)
    cutter = Cutter(draft, todo, engine.info.vocabulary)
    request = writer.request(draft, task.conversation, seed_of(draft.seed, todo[0], attempt), words, whole)
    # A model may name each paragraph of one answer before it writes it.
    for item in engine.stream(replace(request, asker=None), writer.cancel):
        if isinstance(item, Reading):
            yield item
        else:
            yield from cutter.add(item)
    if cutter.finish is FinishReason.LOOP:
        if attempt:
            raise repeats_itself()
        yield from _write_oneshot(current, writer.against_repetition(), attempt + 1)
        return
    if cutter.finish is FinishReason.CANCELLED:
        yield Finished(FinishReason.CANCELLED)
        return
    if not cutter.wrote:
        raise EngineError(
            "The model considers the piece finished and wrote nothing more.",
            "Write the rest in conversation mode, paragraph by paragraph.",
        )
    yield Finished(FinishReason.STOP)
