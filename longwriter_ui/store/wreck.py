"""Reading a damaged store: every row that SQLite can still reach goes into a new one, and what they refer to and is not
there any more is mended. Rows are believed only as far as they fit their columns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from longwriter_ui.draft import Author, FinishReason, Mode, Status
from longwriter_ui.store.rows import now

_TABLES = ("drafts", "versions", "paragraphs", "deltas", "journal")
_PROBES = 2_000  # places looked at between the last row that can be read from the one side and from the other
_RECOVERED = "Recovered"


def copy_rows(wreck: sqlite3.Connection, store: sqlite3.Connection) -> bool:
    """Fill the empty `store` with what can be read of `wreck`; whether all of it could be."""
    wreck.row_factory = sqlite3.Row
    wreck.text_factory = lambda data: data.decode("utf-8", "replace")
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("BEGIN IMMEDIATE")
    whole = True
    for table in _TABLES:
        columns = {row["name"]: row["dflt_value"] for row in store.execute(f"PRAGMA table_info({table})")}
        reader = _Reader(wreck, table)
        for row in reader.rows():
            values = {name: _fitting(name, row[name]) for name in row.keys() if name in columns}  # noqa: SIM118
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            try:
                store.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
            except sqlite3.IntegrityError:
                whole = False  # twice the same, or without what a row must have
        whole = whole and reader.whole
    _mend(store)
    if not whole:
        store.execute("DELETE FROM journal")  # steps back to rows that are not there
    store.execute("COMMIT")
    return whole


class _Reader:
    """The rows of one table, from both ends up to what cannot be read, and single ones in between."""

    def __init__(self, wreck: sqlite3.Connection, table: str) -> None:
        self._wreck, self._table = wreck, table
        self.whole = True

    def rows(self) -> Iterator[sqlite3.Row]:
        low, high = 0, 2**62
        for row in self._run("rowid > ? ORDER BY rowid", low):
            low = row["salvaged_id"]
            yield row
        if self.whole:
            return
        above = list(self._run("rowid < ? ORDER BY rowid DESC", high, low))
        high = above[-1]["salvaged_id"] if above else low
        yield from above
        step = max(1, (high - low) // _PROBES)
        while low + step < high:
            low += step
            for row in self._run("rowid >= ? ORDER BY rowid", low):
                if row["salvaged_id"] >= high:
                    return
                low = row["salvaged_id"]
                yield row

    def _run(self, where: str, start: int, stop: int = -1) -> Iterator[sqlite3.Row]:
        """Rows one by one until there are no more or one cannot be read; `whole` tells which."""
        try:
            for row in self._wreck.execute(
                f"SELECT rowid AS salvaged_id, * FROM {self._table} WHERE {where}", (start,)
            ):
                if row["salvaged_id"] <= stop:
                    return
                yield row
        except sqlite3.DatabaseError:
            self.whole = False


def _mend(store: sqlite3.Connection) -> None:
    """Give every text its draft and its place, and take away what refers to nothing."""
    moment = now()
    for (draft,) in store.execute(
        """SELECT draft_id FROM versions UNION SELECT draft_id FROM paragraphs
           EXCEPT SELECT id FROM drafts"""
    ).fetchall():
        store.execute(
            """INSERT INTO drafts (id, title, instruction, target_words, language, mode, seed, created, updated, rev,
                                   head_rev, order_rev) VALUES (?,?,?,1000,'en',?,0,?,?,1,1,1)""",
            (draft, f"{_RECOVERED} {draft}", _RECOVERED, Mode.CONVERSATION.value, moment, moment),
        )
    for draft, key in store.execute(
        "SELECT DISTINCT draft_id, key FROM versions EXCEPT SELECT draft_id, key FROM paragraphs"
    ).fetchall():
        store.execute(
            """INSERT INTO paragraphs (draft_id, key, position, main_point, status, rev)
               SELECT ?, ?, coalesce(max(position), -1) + 1, ?, ?, 1 FROM paragraphs WHERE draft_id = ?""",
            (draft, key, _RECOVERED, Status.WRITTEN.value, draft),
        )
    store.execute(
        """UPDATE paragraphs SET writing_id = NULL
           WHERE writing_id IS NOT NULL AND writing_id NOT IN (SELECT id FROM versions)"""
    )
    # Where the present text is gone, the latest of those that are left.
    store.execute(
        """UPDATE paragraphs SET version_id = (SELECT max(v.id) FROM versions v
                                               WHERE v.draft_id = paragraphs.draft_id AND v.key = paragraphs.key)
           WHERE writing_id IS NULL AND status != ?
                 AND (version_id IS NULL OR version_id NOT IN (SELECT id FROM versions))
        """,
        (Status.PLANNED.value,),
    )
    store.execute("UPDATE paragraphs SET version_id = NULL WHERE version_id NOT IN (SELECT id FROM versions)")
    store.execute(
        "UPDATE paragraphs SET status = ? WHERE writing_id IS NULL AND version_id IS NULL", (Status.PLANNED.value,)
    )
    store.execute(
        "UPDATE paragraphs SET status = ? WHERE writing_id IS NULL AND status = ?",
        (Status.WRITTEN.value, Status.WRITING.value),
    )
    store.execute(
        """DELETE FROM deltas WHERE NOT EXISTS (SELECT 1 FROM paragraphs p WHERE p.draft_id = deltas.draft_id
                                                AND p.key = deltas.key AND p.writing_id IS NOT NULL)"""
    )
    store.execute("DELETE FROM journal WHERE draft_id NOT IN (SELECT id FROM drafts)")


def _fitting(name: str, value: Any) -> Any:
    """The value, or where it does not fit its column, one that does."""
    check, default = _COLUMNS.get(name, (_is_text, ""))
    return value if check(value) else default


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int)


def _is_number_or_none(value: Any) -> bool:
    return value is None or isinstance(value, int)


def _is_ids(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) % 4 == 0


def _is_time(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_json(kind: type) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        try:
            return isinstance(json.loads(value), kind)
        except (TypeError, ValueError):
            return False

    return check


def _one_of(kind: type[Mode] | type[Status] | type[Author] | type[FinishReason]) -> Callable[[Any], bool]:
    values = {member.value for member in kind}
    return lambda value: isinstance(value, str) and value in values


# What a column may hold, and what it gets instead; all others are text.
_COLUMNS: dict[str, tuple[Callable[[Any], bool], Any]] = {
    "target_words": (_is_number, 1000),
    "seed": (_is_number, 0),
    **dict.fromkeys(("rev", "head_rev", "order_rev"), (_is_number, 1)),
    **dict.fromkeys(("locked", "undone"), (_is_number, 0)),
    **dict.fromkeys(("position", "words", "version_id", "writing_id"), (_is_number_or_none, None)),
    "id": (lambda value: isinstance(value, str | int), None),
    **dict.fromkeys(("draft_id", "key"), (_is_text, None)),
    **dict.fromkeys(("created", "updated"), (_is_time, "2000-01-01T00:00:00.000+00:00")),
    "trashed": (lambda value: value is None or _is_time(value), None),
    "owner": (lambda value: value is None or isinstance(value, str), None),
    "tokens": (_is_ids, b""),
    **dict.fromkeys(("export_options", "manner"), (_is_json(dict), "{}")),
    "offered": (_is_json(list), "[]"),
    "change": (_is_json(dict), None),
    "mode": (_one_of(Mode), Mode.CONVERSATION.value),
    "status": (_one_of(Status), Status.WRITTEN.value),
    "author": (_one_of(Author), Author.USER.value),
    "finish": (_one_of(FinishReason), FinishReason.STOP.value),
}
