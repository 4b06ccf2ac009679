"""Preference pairs from the work on a draft: the text a person settled on, and the model's texts they passed over.

The prompt is the conversation that asks for the paragraph, with the text before it as it is now. Passed over is what
the model wrote to its end for the same paragraph and what is no longer its text: earlier versions, and alternatives
that were not taken, but not where it goes on with words of the person. What still waits for a choice says nothing yet.
Both texts are learnt with an end after them, so neither may be one that was cut off or stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from longwriter_ui.draft import Author, Draft, FinishReason, Version
from longwriter_ui.engine.base import Conversation
from longwriter_ui.jsonl import Json
from longwriter_ui.prompts.task import paragraph_task


def pairs(draft: Draft, past: Callable[[str], Sequence[Version]]) -> list[Json]:
    """The pairs of a draft, {"prompt", "chosen", "rejected"}; `past` gives all texts a paragraph has had, by key."""
    found = []
    for index, paragraph in enumerate(draft.paragraphs):
        chosen = paragraph.text.strip()
        if not chosen or paragraph.version is None or not _ends(paragraph.version):
            continue
        texts = past(paragraph.key)
        begun = tuple(
            version.text.strip()
            for version in texts
            if version.author is Author.USER and version.finish not in (FinishReason.STOP, FinishReason.LENGTH)
        )
        waiting = {version.text.strip() for version in paragraph.offered}
        rejected = {
            version.text.strip(): None
            for version in texts
            if version.author is Author.MODEL and _ends(version) and not version.text.strip().startswith(begun)
        }
        prompt = _messages(paragraph_task(draft, index, "").conversation)
        found += [
            {"prompt": prompt, "chosen": [_answer(chosen)], "rejected": [_answer(text)]}
            for text in rejected
            if text and text != chosen and text not in waiting
        ]
    return found


def _ends(version: Version) -> bool:
    """Whether the text ends where its writer ended it; what a person left as theirs does."""
    return version.author is Author.USER or version.finish is FinishReason.STOP


def _messages(conversation: Conversation) -> list[Json]:
    return [{"role": turn.role.value, "content": turn.text} for turn in conversation]


def _answer(text: str) -> Json:
    return {"role": "assistant", "content": text}
