"""Between table rows and the values of `draft`."""

from __future__ import annotations

import json
import sqlite3
import sys
from array import array
from collections.abc import Iterable
from datetime import datetime, timezone

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Basis, Draft, FinishReason, Mode, Paragraph, Status, Version
from longwriter_ui.manner import Manner
from longwriter_ui.past import Past, told
from longwriter_ui.plan import Step

# Whether the answer being written to the paragraph `p` goes on with its present text, which nobody changes meanwhile.
GOES_ON = """coalesce((SELECT begun.text != '' AND begun.text = present.text FROM versions begun, versions present
                       WHERE begun.id = p.writing_id AND present.id = p.version_id), 0)"""


def now() -> str:
    """The time as stored: ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def load_draft(connection: sqlite3.Connection, draft_id: str, *, settled: bool = False) -> Draft | None:
    """The draft as it is now, text that is being written included (`settled`: not where it is to replace another
    one); None when there is none of this id."""
    row = connection.execute("SELECT * FROM drafts WHERE id = ?", (draft_id,)).fetchone()
    if row is None:
        return None
    deltas: dict[str, str] = {}
    for key, text in connection.execute("SELECT key, text FROM deltas WHERE draft_id = ? ORDER BY id", (draft_id,)):
        deltas[key] = deltas.get(key, "") + text
    counts = dict(
        connection.execute("SELECT key, count(*) FROM versions WHERE draft_id = ? GROUP BY key", (draft_id,)).fetchall()
    )
    rows = connection.execute(
        f"""SELECT p.key, p.main_point, p.words, p.locked, p.note, p.cue, p.status, p.problem, p.offered,
                  v.id IS p.writing_id AND p.writing_id IS NOT NULL AS growing, v.*
           FROM paragraphs p LEFT JOIN versions v
                ON v.id = CASE WHEN ? AND NOT {GOES_ON} THEN coalesce(p.version_id, p.writing_id)
                               ELSE coalesce(p.writing_id, p.version_id) END
           WHERE p.draft_id = ? AND p.position IS NOT NULL ORDER BY p.position""",
        (settled, draft_id),
    ).fetchall()
    return Draft(
        id=row["id"],
        title=row["title"],
        brief=Brief(row["instruction"], row["target_words"], row["language"], row["notes"]),
        mode=Mode(row["mode"]),
        seed=row["seed"],
        paragraphs=tuple(
            Paragraph(
                Step(r[1], r[2], bool(r["locked"]), r["note"], r["cue"]),
                key=r[0],
                status=Status(r["status"]),
                problem=r["problem"],
                version=read_version(r, deltas.get(r[0], "") if r["growing"] else "") if r["id"] is not None else None,
                versions=counts.get(r[0], 0),
                offered=_offered(connection, r["offered"]),
            )
            for r in rows
        ),
        opening=row["opening"],
        raw_plan=row["raw_plan"],
        planning_problem=row["planning_problem"],
        proposal=row["proposal"],
        manner=Manner(**json.loads(row["manner"])),
    )


def insert_version(
    connection: sqlite3.Connection, draft_id: str, key: str, version: Version, created: str | None = None
) -> int:
    """A new row for `version`; its id. `created` None: now."""
    cursor = connection.execute(
        """INSERT INTO versions (draft_id, key, text, author, finish, basis_brief, basis_step, basis_before, prompt,
                                 rest, tokens, vocabulary, created) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)""",
        (draft_id, key, *_columns(version), created or now()),
    )
    return int(cursor.lastrowid or 0)


def version_at(connection: sqlite3.Connection, version_id: int) -> Version:
    """The version in this row."""
    return read_version(connection.execute("SELECT * FROM versions WHERE id = ?", (version_id,)).fetchone())


def version_row(connection: sqlite3.Connection, draft_id: str, key: str, version: Version) -> int:
    """The row that holds exactly this version, a new one where there is none."""
    row = connection.execute(
        """SELECT id FROM versions WHERE draft_id=? AND key=? AND text=? AND author=? AND finish=? AND basis_brief=?
           AND basis_step=? AND basis_before=? AND prompt=? AND rest=? AND tokens=? AND vocabulary=?""",
        (draft_id, key, *_columns(version)),
    ).fetchone()
    return int(row["id"]) if row is not None else insert_version(connection, draft_id, key, version)


def history(connection: sqlite3.Connection, draft_id: str, key: str) -> list[tuple[Version, str, bool]]:
    """The texts the paragraph `key` has had, oldest first, with the time and whether it is the present one. A text
    that came more than once stands only once, and what only led up to the next one does not; see `past`."""
    row = connection.execute(
        "SELECT version_id, writing_id FROM paragraphs WHERE draft_id = ? AND key = ?", (draft_id, key)
    ).fetchone()
    if row is None:
        return []
    lines = [
        line
        for line in connection.execute(
            "SELECT * FROM versions WHERE draft_id = ? AND key = ? ORDER BY id", (draft_id, key)
        )
        if line["text"].strip() and line["id"] != row["writing_id"]
    ]
    past = [Past(read_version(line), line["created"]) for line in lines]
    present = next((n for n, line in enumerate(lines) if line["id"] == row["version_id"]), None)
    found: dict[str, tuple[Version, str, bool]] = {}
    for n in told(past, present):
        version, first = past[n].version, found.get(past[n].version.text)
        if first is None or n == present:
            found[version.text] = (version, first[1] if first else past[n].created, n == present)
    return list(found.values())


def head_columns(draft: Draft) -> dict[str, object]:
    """What belongs to the draft as a whole and can change, by column."""
    return {
        "title": draft.title,
        "mode": draft.mode.value,
        "opening": draft.opening,
        "raw_plan": draft.raw_plan,
        "planning_problem": draft.planning_problem,
        "proposal": draft.proposal,
        "manner": json.dumps(draft.manner.values()),
    }


def offered_ids(ids: Iterable[int]) -> str:
    """Rows of versions to choose from, as stored."""
    return json.dumps(list(ids))


def _offered(connection: sqlite3.Connection, ids: str) -> tuple[Version, ...]:
    if ids == "[]":
        return ()
    rows = (connection.execute("SELECT * FROM versions WHERE id = ?", (i,)).fetchone() for i in json.loads(ids))
    return tuple(read_version(row) for row in rows if row is not None)


def update_version(connection: sqlite3.Connection, version_id: int, version: Version) -> None:
    """The same row, when the answer it holds has grown to its end."""
    connection.execute(
        """UPDATE versions SET text=?, author=?, finish=?, basis_brief=?, basis_step=?, basis_before=?, prompt=?,
                               rest=?, tokens=?, vocabulary=? WHERE id=?""",
        (*_columns(version), version_id),
    )


def read_version(row: sqlite3.Row, delta: str = "") -> Version:
    """The version of a row of `versions`, with the text that has streamed since."""
    return Version(
        text=row["text"] + delta,
        author=Author(row["author"]),
        finish=FinishReason(row["finish"]),
        basis=Basis(row["basis_brief"], row["basis_step"], row["basis_before"]),
        prompt=row["prompt"],
        rest=row["rest"],
        # Ids are known only for what the row itself holds; text in deltas came after them.
        tokens=_unpack(row["tokens"]) if not delta else (),
        vocabulary=row["vocabulary"],
    )


def _columns(version: Version) -> tuple[object, ...]:
    basis = version.basis
    return (
        version.text, version.author.value, version.finish.value, basis.brief, basis.step, basis.before,
        version.prompt, version.rest, _pack(version.tokens), version.vocabulary,
    )  # fmt: skip


def _pack(tokens: tuple[int, ...]) -> bytes:
    values = array("i", tokens)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _unpack(blob: bytes) -> tuple[int, ...]:
    values = array("i")
    values.frombytes(blob)
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
