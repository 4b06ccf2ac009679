"""Between table rows and the values of `draft`."""

from __future__ import annotations

import sqlite3
import sys
from array import array
from datetime import datetime, timezone

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Basis, Draft, FinishReason, Mode, Paragraph, Status, Version
from longwriter_ui.plan import Step


def now() -> str:
    """The time as stored: ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def load_draft(connection: sqlite3.Connection, draft_id: str, *, settled: bool = False) -> Draft | None:
    """The draft as it is now, text that is being written included (`settled`: only where there is no earlier text);
    None when there is none of this id."""
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
        """SELECT p.key, p.main_point, p.words, p.status, p.problem,
                  v.id IS p.writing_id AND p.writing_id IS NOT NULL AS growing, v.*
           FROM paragraphs p LEFT JOIN versions v
                ON v.id = CASE WHEN ? THEN coalesce(p.version_id, p.writing_id)
                               ELSE coalesce(p.writing_id, p.version_id) END
           WHERE p.draft_id = ? AND p.position IS NOT NULL ORDER BY p.position""",
        (settled, draft_id),
    ).fetchall()
    return Draft(
        id=row["id"],
        title=row["title"],
        brief=Brief(row["instruction"], row["target_words"], row["language"]),
        mode=Mode(row["mode"]),
        seed=row["seed"],
        paragraphs=tuple(
            Paragraph(
                Step(r[1], r[2]),
                key=r[0],
                status=Status(r[3]),
                problem=r[4],
                version=read_version(r, deltas.get(r[0], "") if r["growing"] else "") if r["id"] is not None else None,
                versions=counts.get(r[0], 0),
            )
            for r in rows
        ),
        opening=row["opening"],
        raw_plan=row["raw_plan"],
        planning_problem=row["planning_problem"],
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
