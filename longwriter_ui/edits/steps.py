"""Edits of the plan: its steps, their order, their words. A step takes its text along."""

from __future__ import annotations

import re
from dataclasses import replace

from longwriter_ui.draft import Draft, FinishReason, Paragraph, Status, paragraphs_of
from longwriter_ui.edits.fields import (
    MAX_NOTE,
    MAX_POINT,
    MAX_STEPS,
    MAX_TEXT,
    Op,
    check_was,
    index_of,
    paragraph_of,
    settled,
    text_of,
    words_of,
)
from longwriter_ui.edits.texts import with_text
from longwriter_ui.errors import EditError
from longwriter_ui.plan import MAX_STEP_WORDS, Step, fill_counts, parse_plan, rebalance

DEFAULT_STEP_WORDS = 300

# Where a main point or a text may be parted, the better places first.
_POINT_JOINTS = tuple(
    map(re.compile, (r"[;；]\s*", r"[.。!！?？]\s+|[。！？]", r"[,，、:：]\s*", r"\s+(?:and|then)\s+"))
)
_TEXT_JOINTS = tuple(map(re.compile, (r"\n\s*\n", r"\n", r"(?<=[.!?…])\s+|(?<=[。！？])")))


def edit_step(draft: Draft, op: Op) -> Draft:
    paragraph = paragraph_of(draft, op)
    step = paragraph.step
    if "main_point" in op:
        step = replace(step, main_point=text_of(op, "main_point", MAX_POINT))
        check_was(op, paragraph.step.main_point, step.main_point)
    if "words" in op:
        step = replace(step, words=words_of(op["words"]))
        check_was(op, paragraph.step.words, step.words)
    if "locked" in op:
        step = replace(step, locked=op["locked"] is True)
    if "note" in op:
        step = replace(step, note=text_of(op, "note", MAX_NOTE).strip())
    if "cue" in op:
        step = replace(step, cue=text_of(op, "cue", MAX_NOTE).strip())
    return draft.with_paragraph(replace(paragraph, step=step))


def insert_step(draft: Draft, op: Op) -> Draft:
    _refuse_more(draft)
    after = op.get("after")
    at = 0 if after is None else index_of(draft, after) + 1
    point = text_of(op, "main_point", MAX_POINT) if "main_point" in op else ""
    words = words_of(op["words"]) if "words" in op else DEFAULT_STEP_WORDS
    new = Paragraph(Step(point, words))
    # A plan that was broken off before is no longer the plan.
    return replace(draft, paragraphs=(*draft.paragraphs[:at], new, *draft.paragraphs[at:]), planning_problem="")


def delete_step(draft: Draft, op: Op) -> Draft:
    paragraph = settled(paragraph_of(draft, op))
    return replace(draft, paragraphs=tuple(p for p in draft.paragraphs if p.key != paragraph.key))


def move_step(draft: Draft, op: Op) -> Draft:
    paragraph = paragraph_of(draft, op)
    to = op.get("to")
    if not isinstance(to, int) or isinstance(to, bool) or not 0 <= to < len(draft.paragraphs):
        raise EditError("There is no such place in the plan.")
    others = [p for p in draft.paragraphs if p.key != paragraph.key]
    others.insert(to, paragraph)
    return replace(draft, paragraphs=tuple(others))


def split_step(draft: Draft, op: Op) -> Draft:
    """Words are halved. A main point without a joint stays with the first half, and the second waits for its own."""
    _refuse_more(draft)
    paragraph = settled(paragraph_of(draft, op))
    step, at = paragraph.step, draft.index(paragraph.key)
    first_point, second_point = _parted(step.main_point, _POINT_JOINTS)
    half = None if step.words is None else max(1, round(step.words / 20) * 10 or step.words // 2)
    rest = None if step.words is None or half is None else max(1, step.words - half)
    second = Paragraph(Step(_capitalised(second_point), rest, step.locked, step.note))
    first = replace(paragraph, step=replace(step, main_point=first_point, words=half), offered=())
    result = replace(draft, paragraphs=(*draft.paragraphs[:at], first, second, *draft.paragraphs[at + 1 :]))
    if not paragraph.text.strip():
        return result
    head, tail = _parted(paragraph.text, _TEXT_JOINTS)
    result = with_text(result, first.key, head, FinishReason.STOP if tail else None)
    return with_text(result, second.key, tail, _finish_of(paragraph)) if tail else result


def merge_step(draft: Draft, op: Op) -> Draft:
    first = settled(paragraph_of(draft, op))
    at = draft.index(first.key)
    if at + 1 == len(draft.paragraphs):
        raise EditError("There is no step after this one to merge with.")
    second = settled(draft.paragraphs[at + 1])
    counts = [step.words for step in (first.step, second.step) if step.words is not None]
    step = Step(
        "; ".join(point.rstrip(".;") for point in (first.step.main_point, second.step.main_point) if point)
        if draft.brief.language != "zh"
        else "；".join(point.rstrip("。；") for point in (first.step.main_point, second.step.main_point) if point),
        min(sum(counts), MAX_STEP_WORDS) if counts else None,
        first.step.locked or second.step.locked,
        "\n".join(note for note in (first.step.note, second.step.note) if note),
        second.step.cue or first.step.cue,
    )
    parts = [p for p in (first, second) if p.text.strip()]
    text = "\n\n".join(p.text.strip() for p in parts)
    for name, whole, limit in (
        ("main point", step.main_point, MAX_POINT),
        ("note", step.note, MAX_NOTE),
        ("text", text, MAX_TEXT),
    ):
        if len(whole) > limit:
            raise EditError(
                f"Merged, the {name} would have {len(whole):,} characters; the most is {limit:,}.",
                "Shorten one of the two first.",
            )
    merged = replace(first, step=step, offered=())
    result = replace(draft, paragraphs=(*draft.paragraphs[:at], merged, *draft.paragraphs[at + 2 :]))
    return with_text(result, first.key, text, _finish_of(parts[-1])) if text != first.text.strip() else result


def rebalance_steps(draft: Draft, op: Op) -> Draft:
    """Only steps that are not locked change; EditError where the locked ones leave nothing."""
    steps = rebalance(draft.steps, draft.brief.target_words)
    paragraphs = zip(draft.paragraphs, steps, strict=True)
    return replace(draft, paragraphs=tuple(replace(p, step=step) for p, step in paragraphs))


def set_plan(draft: Draft, op: Op) -> Draft:
    _refuse_if_written(draft)
    return _planned(draft, text_of(op, "text", MAX_TEXT), raw="")


def accept_plan(draft: Draft, op: Op) -> Draft:
    _refuse_if_written(draft)
    if not draft.proposal:
        raise EditError("No plan is waiting to be accepted.")
    return _planned(draft, draft.proposal, raw=draft.proposal)


def discard_plan(draft: Draft, op: Op) -> Draft:
    return replace(draft, proposal="")


def _finish_of(paragraph: Paragraph) -> FinishReason:
    """How its text ended, for the paragraph that gets this end: one that was stopped is to be continued there."""
    version = paragraph.version
    return version.finish if version is not None and not paragraph.finished else FinishReason.STOP


def _planned(draft: Draft, text: str, raw: str) -> Draft:
    parsed = parse_plan(text)
    if len(parsed.steps) > MAX_STEPS:
        raise EditError(f"This plan has {len(parsed.steps):,} steps; the most is {MAX_STEPS}.", "Merge some of them.")
    steps = fill_counts(parsed.steps, draft.brief.target_words)
    return replace(draft, paragraphs=paragraphs_of(steps), raw_plan=raw, planning_problem="", proposal="")


def _refuse_if_written(draft: Draft) -> None:
    if any(p.version or p.status is Status.WRITING for p in draft.paragraphs):
        raise EditError(
            "Text has been written from this plan already.", "Edit its steps one by one, or start a new draft."
        )


def _refuse_more(draft: Draft) -> None:
    if len(draft.paragraphs) >= MAX_STEPS:
        raise EditError(f"A plan has at most {MAX_STEPS} steps.", "Delete or merge steps first.")


def _parted(text: str, joints: tuple[re.Pattern[str], ...]) -> tuple[str, str]:
    """`text` in two at the joint nearest its middle, of the best kind there is; all of it first where there is none."""
    for joint in joints:
        places = [m for m in joint.finditer(text) if text[: m.start()].strip() and text[m.end() :].strip()]
        if places:
            best = min(places, key=lambda m: abs(m.start() + m.end() - len(text)))
            return text[: best.start()].strip(), text[best.end() :].strip()
    return text, ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
