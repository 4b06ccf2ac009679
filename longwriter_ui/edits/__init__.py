"""What a person may do to a draft, as pure functions from draft to draft.

An operation is a JSON object: {"do": name, ...}. The page and the importer send these; `apply_edit` checks every
field, so a bad operation raises EditError and changes nothing.

    edit_step    key, main_point | words, was   the step's line; locked, note, cue: what goes with it
    insert_step  after (key, or null for first) an empty step, ready to be filled in
    delete_step  key                            the step and its text leave the draft
    move_step    key, to (index)                the card with its text
    split_step   key                            one step becomes two; its text is parted between sentences
    merge_step   key                            the step takes in the next one
    rebalance                                   the target is spread over the unlocked steps
    set_plan     text                           replace the whole plan by an outline
    accept_plan, discard_plan                   what becomes of a plan that was proposed
    edit_text    key, text, was                 a new version by the person
    keep         key                            accept a stale or stopped text as it is
    choose       key, number                    one of the alternatives becomes the text
    dismiss      key                            the alternatives go away; they stay among the versions
    replace_text find, text, key, nth           replace one place (key, nth) or all, in the texts
    set_title    title
    set_mode     mode
    set_manner   values                         some of the settings of the writing; null: as usual

`was` is what the person saw when the edit began; if that is no longer there, the edit is a ConflictError.
"""

from __future__ import annotations

from collections.abc import Callable

from longwriter_ui.draft import Draft
from longwriter_ui.edits import steps, texts
from longwriter_ui.edits.fields import MAX_POINT, MAX_STEPS, MAX_TEXT, Op
from longwriter_ui.errors import EditError
from longwriter_ui.plan import MAX_STEP_WORDS

__all__ = ["MAX_POINT", "MAX_STEPS", "MAX_STEP_WORDS", "MAX_TEXT", "Op", "apply_edit"]

_EDITS: dict[str, Callable[[Draft, Op], Draft]] = {
    "edit_step": steps.edit_step,
    "insert_step": steps.insert_step,
    "delete_step": steps.delete_step,
    "move_step": steps.move_step,
    "split_step": steps.split_step,
    "merge_step": steps.merge_step,
    "rebalance": steps.rebalance_steps,
    "set_plan": steps.set_plan,
    "accept_plan": steps.accept_plan,
    "discard_plan": steps.discard_plan,
    "edit_text": texts.edit_text,
    "keep": texts.keep,
    "choose": texts.choose,
    "dismiss": texts.dismiss,
    "replace_text": texts.replace_text,
    "set_title": texts.set_title,
    "set_mode": texts.set_mode,
    "set_manner": texts.set_manner,
}


def apply_edit(draft: Draft, op: Op) -> Draft:
    """The draft after `op`; EditError, saying what is wrong, when it does not fit."""
    edit = _EDITS.get(str(op.get("do")))
    if edit is None:
        raise EditError(f"Unknown edit {op.get('do')!r}.")
    return edit(draft, op)
