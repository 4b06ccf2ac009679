"""What a person may do to a draft, as pure functions from draft to draft.

An operation is a JSON object: {"do": name, ...}. The page sends these; `apply_edit` checks every
field, so a bad operation raises EditError and changes nothing.

    edit_step    key, main_point | words, was   the step's line
    insert_step  after (key, or null for first) an empty step, ready to be filled in
    delete_step  key                            the step and its text leave the draft
    move_step    key, to (index)                the card with its text
    edit_text    key, text, was                 a new version by the person
    keep         key                            accept a stale or stopped text as it is
    set_title    title
    set_mode     mode
    set_plan     text                           replace the whole plan by lines in the AgentWrite format

`was` is what the person saw when the edit began; if that is no longer there, the edit is a ConflictError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Paragraph, Status, Version, paragraphs_of
from longwriter_ui.errors import ConflictError, EditError
from longwriter_ui.plan import MAX_STEP_WORDS, Step, fill_counts, parse_plan
from longwriter_ui.text import clean_text

MAX_STEPS = 500
MAX_TEXT = 400_000  # characters in one paragraph
MAX_POINT = 4_000
DEFAULT_STEP_WORDS = 300

Op = dict[str, Any]


def apply_edit(draft: Draft, op: Op) -> Draft:
    """The draft after `op`; EditError, saying what is wrong, when it does not fit."""
    edit = _EDITS.get(str(op.get("do")))
    if edit is None:
        raise EditError(f"Unknown edit {op.get('do')!r}.")
    return edit(draft, op)


def _edit_step(draft: Draft, op: Op) -> Draft:
    paragraph = _paragraph(draft, op)
    step = paragraph.step
    if "main_point" in op:
        step = Step(_text(op, "main_point", MAX_POINT), step.words)
        _check_was(op, paragraph.step.main_point, step.main_point)
    if "words" in op:
        step = Step(step.main_point, _words(op["words"]))
        _check_was(op, paragraph.step.words, step.words)
    return draft.with_paragraph(replace(paragraph, step=step))


def _insert_step(draft: Draft, op: Op) -> Draft:
    if len(draft.paragraphs) >= MAX_STEPS:
        raise EditError(f"A plan has at most {MAX_STEPS} steps.", "Delete or merge steps first.")
    after = op.get("after")
    at = 0 if after is None else _index(draft, after) + 1
    point = _text(op, "main_point", MAX_POINT) if "main_point" in op else ""
    words = _words(op["words"]) if "words" in op else DEFAULT_STEP_WORDS
    new = Paragraph(Step(point, words))
    return replace(draft, paragraphs=(*draft.paragraphs[:at], new, *draft.paragraphs[at:]))


def _delete_step(draft: Draft, op: Op) -> Draft:
    paragraph = _paragraph(draft, op)
    return replace(draft, paragraphs=tuple(p for p in draft.paragraphs if p.key != paragraph.key))


def _move_step(draft: Draft, op: Op) -> Draft:
    paragraph = _paragraph(draft, op)
    to = op.get("to")
    if not isinstance(to, int) or isinstance(to, bool) or not 0 <= to < len(draft.paragraphs):
        raise EditError("There is no such place in the plan.")
    others = [p for p in draft.paragraphs if p.key != paragraph.key]
    others.insert(to, paragraph)
    return replace(draft, paragraphs=tuple(others))


def _edit_text(draft: Draft, op: Op) -> Draft:
    paragraph = _paragraph(draft, op)
    text = _text(op, "text", MAX_TEXT)
    _check_was(op, paragraph.text, text)
    if not text.strip():
        return draft.with_paragraph(replace(paragraph, status=Status.PLANNED, version=None, problem=""))
    if text == paragraph.text:
        return draft
    index = draft.index(paragraph.key)
    # The prompt stays, so that the conversation around the edited answer remains what the model was asked.
    before = paragraph.version
    version = Version(
        text,
        Author.USER,
        finish=_finish(paragraph, text),
        basis=draft.basis(index),
        prompt=before.prompt if before else "",
        rest=before.rest if before else "",
    )
    return draft.with_paragraph(replace(paragraph, status=Status.WRITTEN, version=version, problem=""))


def _keep(draft: Draft, op: Op) -> Draft:
    paragraph = _paragraph(draft, op)
    if paragraph.version is None:
        raise EditError("There is no text to keep yet.")
    version = replace(paragraph.version, basis=draft.basis(draft.index(paragraph.key)), finish=FinishReason.STOP)
    return draft.with_paragraph(replace(paragraph, status=Status.WRITTEN, version=version, problem=""))


def _set_title(draft: Draft, op: Op) -> Draft:
    title = " ".join(_text(op, "title", 300).split())
    return replace(draft, title=title or draft.brief.title)


def _set_mode(draft: Draft, op: Op) -> Draft:
    try:
        return replace(draft, mode=Mode(op.get("mode")))
    except ValueError as error:
        raise EditError(f"Unknown mode {op.get('mode')!r}.", f"Use {', '.join(m.value for m in Mode)}.") from error


def _set_plan(draft: Draft, op: Op) -> Draft:
    if any(p.version for p in draft.paragraphs):
        raise EditError(
            "Text has been written from this plan already.", "Edit its steps one by one, or start a new draft."
        )
    parsed = parse_plan(_text(op, "text", MAX_TEXT))
    if len(parsed.steps) > MAX_STEPS:
        raise EditError(f"This plan has {len(parsed.steps):,} steps; the most is {MAX_STEPS}.", "Merge some of them.")
    steps = fill_counts(parsed.steps, draft.brief.target_words)
    return replace(draft, paragraphs=paragraphs_of(steps), raw_plan="", planning_problem="")


_EDITS: dict[str, Callable[[Draft, Op], Draft]] = {
    "edit_step": _edit_step,
    "insert_step": _insert_step,
    "delete_step": _delete_step,
    "move_step": _move_step,
    "edit_text": _edit_text,
    "keep": _keep,
    "set_title": _set_title,
    "set_mode": _set_mode,
    "set_plan": _set_plan,
}


def _check_was(op: Op, now: object, new: object) -> None:
    """ConflictError where the edit was made over something that is no longer there. An edit that arrives a second
    time, because its first answer was lost, is none."""
    was = op.get("was")
    if was is None or now == new:
        return
    same = was.strip() == now.strip() if isinstance(was, str) and isinstance(now, str) else was == now
    if not same:
        raise ConflictError("This paragraph was changed elsewhere in the meantime.", "Look at both and choose.")


def _finish(paragraph: Paragraph, text: str) -> FinishReason:
    """A stopped answer whose text was only corrected is still to be continued; one that was brought to the end of a
    sentence is done."""
    stopped = paragraph.version is not None and not paragraph.finished
    whole = text.rstrip().endswith((".", "!", "?", "…", "。", "！", "？", '"', "'", "”", "’", "」", ")", "）"))
    return FinishReason.CANCELLED if stopped and not whole else FinishReason.STOP


def _index(draft: Draft, key: object) -> int:
    try:
        return draft.index(str(key))
    except KeyError as error:
        raise EditError("This paragraph is no longer in the draft.") from error


def _paragraph(draft: Draft, op: Op) -> Paragraph:
    return draft.paragraphs[_index(draft, op.get("key"))]


def _text(op: Op, name: str, limit: int) -> str:
    value = op.get(name)
    if not isinstance(value, str):
        raise EditError(f"The edit lacks its {name.replace('_', ' ')}.")
    if len(value) > limit:
        raise EditError(
            f"This {name.replace('_', ' ')} has {len(value):,} characters; the most is {limit:,}.", "Shorten it."
        )
    return clean_text(value)


def _words(value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_STEP_WORDS:
        raise EditError(f"{value!r} is no word count.", f"Give a whole number from 1 to {MAX_STEP_WORDS:,}.")
    return value
