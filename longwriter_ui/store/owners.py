"""Whose drafts are whose, where several people use one store. An owner is a word that says nothing of the person; a
draft without one belongs to the person whose machine it is."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from longwriter_ui.errors import DraftNotFound
from longwriter_ui.store.database import Database


class Owners:
    """Questions about owners, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, draft_id: str) -> str | None:
        """Whom the draft belongs to; DraftNotFound."""
        with self._database.read() as db:
            row = db.execute("SELECT owner FROM drafts WHERE id = ?", (draft_id,)).fetchone()
        if row is None:
            raise missing(draft_id)
        return row["owner"]

    def drafts(self, owner: str) -> list[str]:
        """Ids of all drafts of `owner`, those in the trash too."""
        with self._database.read() as db:
            return [i for (i,) in db.execute("SELECT id FROM drafts WHERE owner = ?", (owner,))]

    def size(self, owner: str) -> int:
        """About how many bytes the drafts of `owner` take, with all their versions and what can be undone."""
        with self._database.read() as db:
            (size,) = db.execute(
                """SELECT (SELECT coalesce(sum(length(v.text) + length(v.prompt) + length(v.rest)
                                               + length(v.tokens)), 0)
                           FROM versions v JOIN drafts d ON d.id = v.draft_id WHERE d.owner = :owner)
                        + (SELECT coalesce(sum(length(j.change)), 0)
                           FROM journal j JOIN drafts d ON d.id = j.draft_id WHERE d.owner = :owner)
                        + (SELECT coalesce(sum(length(instruction) + length(notes) + length(raw_plan)
                                               + length(proposal)), 0) FROM drafts WHERE owner = :owner)""",
                {"owner": owner},
            ).fetchone()
        return int(size)

    def unchanged_since(self, moment: datetime) -> list[str]:
        """Ids of drafts that belong to a visitor and were last changed before `moment`."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id FROM drafts WHERE owner IS NOT NULL AND updated < ?",
                (moment.isoformat(timespec="milliseconds"),),
            )
            return [i for (i,) in rows]

    def hand_over(self, old: str, new: str) -> None:
        """All drafts of `old` belong to `new` from now on."""
        with self._database.change() as db:
            db.execute("UPDATE drafts SET owner = ? WHERE owner = ?", (new, old))

    @staticmethod
    def missing(draft_id: str) -> DraftNotFound:
        """What is said of a draft that is not there, or not this person's: the answer must not tell which."""
        return missing(draft_id)


def listed(db: sqlite3.Connection, trashed: bool, owner: str | None) -> list[tuple[str, str]]:
    """Id and time of the last change of the drafts in use, or of those in the trash, the last changed first; those of
    `owner`, or everybody's."""
    rows = db.execute(
        """SELECT id, updated FROM drafts WHERE (trashed IS NOT NULL) = ? AND owner IS coalesce(?, owner)
           ORDER BY updated DESC""",
        (trashed, owner),
    )
    return [(row["id"], row["updated"]) for row in rows]


def missing(draft_id: str) -> DraftNotFound:
    """There is no such draft, or it is somebody else's: the answer must not tell which."""
    return DraftNotFound(f"There is no draft {draft_id!r}.", "`drafts list` and the library show those there are.")
