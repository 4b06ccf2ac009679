"""The answer being written to a paragraph: a version of its own from its first word on, whose text stands in `deltas`
until it is done. One that goes on with the present text begins with a copy of it, so that this stays what it was.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from longwriter_ui.draft import PLAN_UNFINISHED, Draft, FinishReason, Status, Version
from longwriter_ui.errors import DraftNotFound
from longwriter_ui.store.rows import GOES_ON, insert_version, update_version, version_at


def begin(db: sqlite3.Connection, draft_id: str, key: str, version: Version, rev: int) -> None:
    """The paragraph `key` is being written as `version`; its present text stays. DraftNotFound where it is gone."""
    row = db.execute("SELECT position FROM paragraphs WHERE draft_id = ? AND key = ?", (draft_id, key)).fetchone()
    if row is None or row["position"] is None:
        raise DraftNotFound("The paragraph was deleted before it could be written.", retryable=True)
    writing = insert_version(db, draft_id, key, version)
    # Earlier versions could leave text here that came after its paragraph was done.
    db.execute("DELETE FROM deltas WHERE draft_id = ? AND key = ?", (draft_id, key))
    db.execute(
        "UPDATE paragraphs SET status=?, problem='', writing_id=?, rev=? WHERE draft_id=? AND key=?",
        (Status.WRITING.value, writing, rev, draft_id, key),
    )


def append(db: sqlite3.Connection, draft_id: str, key: str, text: str, rev: int) -> None:
    """More text of the paragraph being written; nothing where it is not, any more."""
    db.execute(
        """INSERT INTO deltas (draft_id, key, rev, text) SELECT draft_id, key, ?, ? FROM paragraphs
           WHERE draft_id = ? AND key = ? AND writing_id IS NOT NULL""",
        (rev, text, draft_id, key),
    )


def finish(db: sqlite3.Connection, draft: Draft, key: str, version: Version | None, problem: str, rev: int) -> None:
    """The answer is done, as `version` (None: as what has streamed so far). Unless it is whole, it gives way to the
    text it was to replace, and so does one that goes on with a text and adds nothing to it."""
    row = db.execute(
        f"SELECT *, {GOES_ON} AS goes_on FROM paragraphs p WHERE draft_id = ? AND key = ?", (draft.id, key)
    ).fetchone()
    if row is None or row["writing_id"] is None:
        # Copies that earlier versions made of a draft at work are marked as written by somebody, and nobody does.
        db.execute(
            """UPDATE paragraphs SET status = CASE WHEN version_id IS NULL THEN ? ELSE ? END, rev = ?
               WHERE draft_id = ? AND key = ? AND status = ?""",
            (Status.PLANNED.value, Status.WRITTEN.value, rev, draft.id, key, Status.WRITING.value),
        )
        return
    streamed = draft.paragraphs[draft.index(key)].version if row["position"] is not None else None
    final = version or streamed
    text = final.text.strip() if final is not None else ""
    present = version_at(db, row["version_id"]) if row["goes_on"] else None
    same = present is not None and text == present.text.strip()
    if final is not None:
        # Words that the model only found to be the end stay those of their author.
        author = present.author if present is not None and same else final.author
        update_version(db, row["writing_id"], replace(final, author=author))
    db.execute("DELETE FROM deltas WHERE draft_id = ? AND key = ?", (draft.id, key))
    whole = final is not None and final.finish in (FinishReason.STOP, FinishReason.LENGTH) and not problem
    gives_way = row["version_id"] is not None and not whole and (same or not row["goes_on"])
    current = row["version_id"] if gives_way or not text else row["writing_id"]
    status = Status.FAILED if problem else (Status.WRITTEN if current is not None else Status.PLANNED)
    db.execute(
        """UPDATE paragraphs SET status=?, problem=?, version_id=?, writing_id=NULL, rev=?
           WHERE draft_id=? AND key=?""",
        (status.value, problem, current, rev, draft.id, key),
    )
    if current != row["writing_id"] and (same or not text):
        db.execute("DELETE FROM versions WHERE id = ?", (row["writing_id"],))


def written(db: sqlite3.Connection, draft_id: str) -> list[str]:
    """Keys of the paragraphs of a draft that are being written, or marked so."""
    rows = db.execute(
        "SELECT key FROM paragraphs WHERE draft_id = ? AND (status = ? OR writing_id IS NOT NULL)",
        (draft_id, Status.WRITING.value),
    )
    return [key for (key,) in rows]


def interrupted(db: sqlite3.Connection) -> list[str]:
    """Ids of drafts with a paragraph that was being written or a plan that was being made."""
    rows = db.execute(
        """SELECT draft_id FROM paragraphs WHERE status = ? OR writing_id IS NOT NULL
           UNION SELECT draft_id FROM drafts JOIN paragraphs ON drafts.id = draft_id
           WHERE planning_problem = ? AND position IS NOT NULL""",
        (Status.WRITING.value, PLAN_UNFINISHED),
    )
    return [draft_id for (draft_id,) in rows]
