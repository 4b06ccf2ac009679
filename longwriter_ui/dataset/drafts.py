"""A person's own drafts as training data: only those they name, and only whole ones."""

from __future__ import annotations

from longwriter_ui.dataset.build import conversation
from longwriter_ui.draft import Author, Draft
from longwriter_ui.errors import EditError
from longwriter_ui.jsonl import Json


def sample(draft: Draft) -> Json:
    """The draft as one exchange: the instruction and the whole text; EditError when it is not written to its end."""
    if not draft.paragraphs:
        raise EditError(f"{draft.title!r} has no text.", "Leave it out, or write it first.")
    for number, paragraph in enumerate(draft.paragraphs, 1):
        by_hand = paragraph.version is not None and paragraph.version.author is Author.USER
        if not paragraph.text.strip() or not (paragraph.finished or by_hand):
            raise EditError(
                f"Paragraph {number} of {draft.title!r} is not written to its end.",
                "Finish it, or leave the draft out.",
            )
    return conversation(draft.brief.asked.replace("\0", "\n\n"), draft.text)
