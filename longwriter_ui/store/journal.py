"""Undo and redo. The journal keeps, for each change of a draft, the values it touched before and after: fields of the
draft, the order of its paragraphs, and fields of paragraphs. Text itself lies in `versions` and is never lost, so an
entry names versions by their row, and what a deleted step was is still in its own row.

An entry is {"head": {field: [before, after]}, "order": [before, after] or None, "rows": {key: {field: [before,
after]}}}. Entries of one kin (the pauses of one bout of typing, the growing of one plan) are undone as one.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from longwriter_ui.draft import Status
from longwriter_ui.errors import ConflictError, EditError

# Not the opening: it says what the model was really sent, whatever the person takes back.
HEAD = ("title", "mode", "manner", "raw_plan", "planning_problem", "proposal")
FIELDS = ("main_point", "words", "locked", "note", "cue", "status", "problem", "version_id", "offered")
MOST_ENTRIES = 1000  # of one draft; older ones can no longer be undone

Entry = dict[str, Any]


@dataclass(frozen=True)
class Journaled:
    """An entry of the journal: its number and what was done."""

    entry: int
    label: str


@dataclass(frozen=True)
class State:
    """What the journal knows of a draft at one moment."""

    head: dict[str, Any]
    order: list[str]
    rows: dict[str, dict[str, Any]]


def capture(db: sqlite3.Connection, draft_id: str) -> State:
    """The draft as it is now. A paragraph being written counts as what it was before, until it is done."""
    head = db.execute("SELECT * FROM drafts WHERE id = ?", (draft_id,)).fetchone()
    rows = db.execute("SELECT * FROM paragraphs WHERE draft_id = ? ORDER BY position", (draft_id,)).fetchall()
    return State(
        {name: head[name] for name in HEAD} if head is not None else {},
        [row["key"] for row in rows if row["position"] is not None],
        {row["key"]: _settled(row) for row in rows},
    )


def record(db: sqlite3.Connection, draft_id: str, before: State, label: str, kin: str = "") -> None:
    """Write down what has become of `before`; what was undone can then no longer be done again."""
    entry = _difference(before, capture(db, draft_id))
    if not _is_change(entry):
        return
    db.execute("DELETE FROM journal WHERE draft_id = ? AND undone = 1", (draft_id,))
    last = _last(db, draft_id, undone=False)
    if kin and last is not None and last["kin"] == kin:
        label, entry = last["label"], _joined(json.loads(last["change"]), entry)
        db.execute("DELETE FROM journal WHERE id = ?", (last["id"],))
        if not _is_change(entry):
            return
    db.execute(
        "INSERT INTO journal (draft_id, label, kin, change) VALUES (?,?,?,?)", (draft_id, label, kin, json.dumps(entry))
    )
    db.execute(
        """DELETE FROM journal WHERE draft_id = ? AND id <= (
               SELECT id FROM journal WHERE draft_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)""",
        (draft_id, draft_id, MOST_ENTRIES),
    )


def ends(db: sqlite3.Connection, draft_id: str) -> tuple[Journaled | None, Journaled | None]:
    """What undo and what redo would do now; None where there is nothing."""
    rows = (_last(db, draft_id, undone=False), _last(db, draft_id, undone=True))
    undo, redo = (Journaled(row["id"], row["label"]) if row else None for row in rows)
    return undo, redo


def touched(db: sqlite3.Connection, draft_id: str) -> bool:
    """Whether anything was done besides planning and writing; taking that back is something, too."""
    row = db.execute(
        "SELECT 1 FROM journal WHERE draft_id = ? AND (undone OR label NOT IN ('plan', 'write')) LIMIT 1", (draft_id,)
    ).fetchone()
    return row is not None


def walk(db: sqlite3.Connection, draft_id: str, rev: int, entry_id: int | None, *, back: bool) -> str:
    """Undo the last change (`back`) or do the last undone one again; its label. EditError when there is none.

    With `entry_id`, only that entry: asked for twice it is done once, and ConflictError when it is not its turn.
    """
    row = _last(db, draft_id, undone=not back)
    if entry_id is not None and (row is None or row["id"] != entry_id):
        meant = db.execute("SELECT * FROM journal WHERE draft_id = ? AND id = ?", (draft_id, entry_id)).fetchone()
        if meant is not None and meant["undone"] == int(back):
            return str(meant["label"])
        raise ConflictError("Something else has changed in the meantime.", "Look at it, and undo again.")
    if row is None:
        raise EditError("There is nothing to undo." if back else "There is nothing to do again.")
    entry, side = json.loads(row["change"]), 0 if back else 1
    _refuse_if_writing(db, draft_id, entry)
    if entry["head"]:
        names = ", ".join(f"{name} = ?" for name in entry["head"])
        values = [pair[side] for pair in entry["head"].values()]
        db.execute(f"UPDATE drafts SET {names}, head_rev = ? WHERE id = ?", (*values, rev, draft_id))
    for key, fields in entry["rows"].items():
        names = ", ".join(f"{name} = ?" for name in fields)
        values = [pair[side] for pair in fields.values()]
        db.execute(
            f"UPDATE paragraphs SET {names}, rev = ? WHERE draft_id = ? AND key = ?", (*values, rev, draft_id, key)
        )
    if entry["order"] is not None:
        _arrange(db, draft_id, entry["order"][side], rev)
    db.execute("UPDATE journal SET undone = ? WHERE id = ?", (int(back), row["id"]))
    return str(row["label"])


def _settled(row: sqlite3.Row) -> dict[str, Any]:
    fields = {name: row[name] for name in FIELDS}
    if row["status"] == Status.WRITING.value:
        fields["status"] = (Status.WRITTEN if row["version_id"] is not None else Status.PLANNED).value
    return fields


def _difference(before: State, after: State) -> Entry:
    rows = {key: _changed(before.rows[key], fields) for key, fields in after.rows.items() if key in before.rows}
    return {
        "head": _changed(before.head, after.head),
        "order": [before.order, after.order] if before.order != after.order else None,
        "rows": {key: fields for key, fields in rows.items() if fields},
    }


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}


def _joined(first: Entry, second: Entry) -> Entry:
    """Two changes as one."""
    rows = {
        key: _joined_fields(first["rows"].get(key, {}), second["rows"].get(key, {}))
        for key in [*first["rows"], *(key for key in second["rows"] if key not in first["rows"])]
    }
    order = second["order"]
    if first["order"] is not None:
        order = [first["order"][0], (order or first["order"])[1]]
    return {
        "head": _joined_fields(first["head"], second["head"]),
        "order": order if order is not None and order[0] != order[1] else None,
        "rows": {key: fields for key, fields in rows.items() if fields},
    }


def _joined_fields(first: dict[str, list[Any]], second: dict[str, list[Any]]) -> dict[str, list[Any]]:
    joined = {name: [first.get(name, pair)[0], pair[1]] for name, pair in second.items()}
    joined = {**first, **joined}
    return {name: pair for name, pair in joined.items() if pair[0] != pair[1]}


def _is_change(entry: Entry) -> bool:
    return bool(entry["head"] or entry["order"] or entry["rows"])


def _last(db: sqlite3.Connection, draft_id: str, *, undone: bool) -> sqlite3.Row | None:
    """The entry next in line: the newest that holds, or the oldest that was undone."""
    way = "ASC" if undone else "DESC"
    row: sqlite3.Row | None = db.execute(
        f"SELECT * FROM journal WHERE draft_id = ? AND undone = ? ORDER BY id {way} LIMIT 1", (draft_id, int(undone))
    ).fetchone()
    return row


def _refuse_if_writing(db: sqlite3.Connection, draft_id: str, entry: Entry) -> None:
    writing = {
        key
        for (key,) in db.execute(
            "SELECT key FROM paragraphs WHERE draft_id = ? AND writing_id IS NOT NULL", (draft_id,)
        )
    }
    moved = set(entry["order"][0]) ^ set(entry["order"][1]) if entry["order"] else set()
    if writing & (set(entry["rows"]) | moved):
        raise EditError("This paragraph is being written.", "Stop the writing first.")


def _arrange(db: sqlite3.Connection, draft_id: str, order: list[str], rev: int) -> None:
    present = {
        key
        for (key,) in db.execute("SELECT key FROM paragraphs WHERE draft_id=? AND position IS NOT NULL", (draft_id,))
    }
    for key in present - set(order):
        db.execute("UPDATE paragraphs SET position=NULL, rev=? WHERE draft_id=? AND key=?", (rev, draft_id, key))
    for position, key in enumerate(order):
        db.execute("UPDATE paragraphs SET position=? WHERE draft_id=? AND key=?", (position, draft_id, key))
        if key not in present:
            db.execute("UPDATE paragraphs SET rev=? WHERE draft_id=? AND key=?", (rev, draft_id, key))
    db.execute("UPDATE drafts SET order_rev = ? WHERE id = ?", (rev, draft_id))
