"""What the model is asked when a paragraph is to be written, for each mode.

`conversation` and `oneshot` only ever append, so the KV cache keeps all that was read; a conversation's past is never
rewritten: when the plan changes, the next turn says so. `agentwrite` is the method's own prompt, made anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from longwriter_ui import prompts
from longwriter_ui.draft import Draft, Mode, Paragraph, Version
from longwriter_ui.engine.base import Conversation, Part, Turn, assistant, user
from longwriter_ui.plan import Step


@dataclass(frozen=True)
class Task:
    """A conversation to be answered, and what has to be remembered of it: the last user turn's text (without the
    opening) and the opening, where this is the first turn."""

    conversation: Conversation
    prompt: str
    opening: str | None = None


def paragraph_task(draft: Draft, index: int, vocabulary: str, words: int | None = None) -> Task:
    """The task of writing paragraph `index` anew, after everything written before it. `words` is the count the model
    is told for it (None: the plan's)."""
    step = _told(draft, index, words)
    if draft.mode is Mode.PARALLEL:
        opening, prompt = prompts.opening(draft.brief, draft.steps), prompts.turn(index + 1, step, draft.brief.language)
        return Task((user(opening + prompt),), prompt, opening)
    if draft.mode is Mode.AGENTWRITE:
        written = [part(p.version, vocabulary) for p in draft.paragraphs[:index] if p.version and p.text.strip()]
        return Task(prompts.agentwrite(draft.brief, draft.steps, index, written, step), "")
    return _conversation_task(
        draft, index, vocabulary, prompts.turn(index + 1, step, draft.brief.language, draft.cue(index))
    )


def continued_task(draft: Draft, index: int, vocabulary: str, words: int | None = None) -> Task:
    """The task of going on with the stopped answer of paragraph `index`; `words` as for a new one."""
    version = draft.paragraphs[index].version
    if version is None:
        raise ValueError("there is no answer to continue")
    if draft.mode in (Mode.AGENTWRITE, Mode.PARALLEL):
        task = paragraph_task(draft, index, vocabulary, words)
    elif version.prompt:
        task = _conversation_task(draft, index, vocabulary, version.prompt, amended=False)
    else:
        task = paragraph_task(draft, index, vocabulary, words)
    return Task((*task.conversation, assistant(part(version, vocabulary))), task.prompt, task.opening)


def revised_task(draft: Draft, index: int, vocabulary: str, request: str) -> Task:
    """The task of writing paragraph `index` again, its present text in view. What is remembered of it is the plain
    turn: to the paragraphs after it, the new text is the answer to that."""
    version = draft.paragraphs[index].version
    if version is None:
        raise ValueError("there is no text to revise")
    task = paragraph_task(draft, index, vocabulary)
    return Task((*task.conversation, assistant(part(version, vocabulary)), user(request)), task.prompt, task.opening)


def oneshot_task(draft: Draft, index: int, vocabulary: str) -> Task:
    """The task of writing everything from paragraph `index` on in one answer, after what is already written."""
    parts: list[Part] = []
    for paragraph in draft.paragraphs[: index + 1]:
        version = paragraph.version
        if version is None:
            continue
        piece = part(version, vocabulary)
        if paragraph.finished:
            # The tokens of a paragraph of the same answer end with its blank line; any others are not to be trusted.
            whole = piece.tokens if not version.prompt else ()
            piece = Part(version.text + "\n\n", whole)
        parts.append(piece)
    conversation: tuple[Turn, ...] = (user(prompts.oneshot(draft.brief, draft.steps)),)
    if parts:
        conversation = (*conversation, assistant(*parts))
    return Task(conversation, "")


def part(version: Version, vocabulary: str) -> Part:
    """A version's text with its token ids, where they belong to the engine's vocabulary."""
    return Part(version.text, version.tokens if version.vocabulary == vocabulary else ())


def _conversation_task(draft: Draft, index: int, vocabulary: str, prompt: str, *, amended: bool = True) -> Task:
    """`prompt`: the last turn; `amended`: it says first what has changed in the plan, if anything has."""
    language = draft.brief.language
    earlier = [(i, p) for i, p in enumerate(draft.paragraphs[:index]) if p.version and p.text.strip()]
    continues = bool(earlier and draft.opening)
    opening = draft.opening if continues else prompts.opening(draft.brief, draft.steps)
    turns: list[Turn] = []
    for i, paragraph in earlier:
        version = paragraph.version
        if version is None:
            continue
        asked = version.prompt or prompts.turn(i + 1, paragraph.step, language, draft.cue(i))
        turns += [user(asked if turns else opening + asked), assistant(part(version, vocabulary))]
    if amended and continues and _plan_changed(draft, *earlier[-1]):
        prompt = prompts.amendment(draft.steps[index:], index + 1, language) + prompt
    turns.append(user(prompt if turns else opening + prompt))
    return Task(tuple(turns), prompt, None if continues else opening)


def _told(draft: Draft, index: int, words: int | None) -> Step:
    step = draft.paragraphs[index].step
    return step if words is None else replace(step, words=words)


def _plan_changed(draft: Draft, last: int, paragraph: Paragraph) -> bool:
    """Whether the plan after the last written paragraph is no longer the one the model was told."""
    return paragraph.version is not None and paragraph.version.rest != draft.rest(last + 1)
