"""Writes what differs between two states of a draft, marked with the revision it happened in."""

from __future__ import annotations

import sqlite3

from longwriter_ui.draft import Draft, Paragraph
from longwriter_ui.store.rows import head_columns, offered_ids, version_row


def write(db: sqlite3.Connection, before: Draft, after: Draft, rev: int) -> None:
    """Bring the tables from `before` to `after`."""
    head = head_columns(after)
    if head_columns(before) != head:
        names = ", ".join(f"{name}=?" for name in head)
        db.execute(f"UPDATE drafts SET {names}, head_rev=? WHERE id=?", (*head.values(), rev, after.id))
    old = {p.key: p for p in before.paragraphs}
    order = [p.key for p in after.paragraphs]
    for key in old.keys() - set(order):
        db.execute("UPDATE paragraphs SET position=NULL, rev=? WHERE draft_id=? AND key=?", (rev, after.id, key))
    for paragraph in after.paragraphs:
        if old.get(paragraph.key) != paragraph:
            _write_paragraph(db, after.id, old.get(paragraph.key), paragraph, rev)
    if order != [p.key for p in before.paragraphs]:
        db.execute("UPDATE drafts SET order_rev = ? WHERE id = ?", (rev, after.id))
        for position, key in enumerate(order):
            db.execute("UPDATE paragraphs SET position=? WHERE draft_id=? AND key=?", (position, after.id, key))
    touch_stale(db, before, after, rev)


def touch_stale(db: sqlite3.Connection, before: Draft, after: Draft, rev: int) -> None:
    """A card whose stale marks changed has changed, though its row has not."""
    marks = dict(zip((p.key for p in before.paragraphs), before.stale_marks(), strict=True))
    for paragraph, stale in zip(after.paragraphs, after.stale_marks(), strict=True):
        if marks.get(paragraph.key, ()) != stale:
            db.execute("UPDATE paragraphs SET rev=? WHERE draft_id=? AND key=?", (rev, after.id, paragraph.key))


def _write_paragraph(db: sqlite3.Connection, draft_id: str, old: Paragraph | None, new: Paragraph, rev: int) -> None:
    step = new.step
    fields = (
        step.main_point, step.words, step.locked, step.note, step.cue, new.status.value, new.problem, rev,
        draft_id, new.key,
    )  # fmt: skip
    if old is None:
        db.execute(
            """INSERT INTO paragraphs (main_point, words, locked, note, cue, status, problem, rev, draft_id, key,
                                       position) VALUES (?,?,?,?,?,?,?,?,?,?,0)""",
            fields,
        )
    else:
        db.execute(
            """UPDATE paragraphs SET main_point=?, words=?, locked=?, note=?, cue=?, status=?, problem=?, rev=?
               WHERE draft_id=? AND key=?""",
            fields,
        )
    if new.version != (old.version if old else None):
        version_id = version_row(db, draft_id, new.key, new.version) if new.version else None
        db.execute("UPDATE paragraphs SET version_id=? WHERE draft_id=? AND key=?", (version_id, draft_id, new.key))
    if new.offered != (old.offered if old else ()):
        ids = offered_ids(version_row(db, draft_id, new.key, version) for version in new.offered)
        db.execute("UPDATE paragraphs SET offered=? WHERE draft_id=? AND key=?", (ids, draft_id, new.key))
