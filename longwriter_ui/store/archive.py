"""A draft with all that is stored about it, out of the tables and into them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

from longwriter_ui.draft import Draft, Paragraph, Status
from longwriter_ui.past import Past
from longwriter_ui.plan import Step
from longwriter_ui.project import Project
from longwriter_ui.store.rows import GOES_ON, head_columns, insert_version, now, read_version

Edit = Callable[[dict[str, object]], dict[str, object]]  # of export options


def load(connection: sqlite3.Connection, draft: Draft) -> Project:
    """`draft` with all versions of its paragraphs, those of deleted paragraphs too; what is being written of it is
    there as if it had been stopped."""
    rows = connection.execute(
        f"SELECT *, {GOES_ON} AS goes_on FROM paragraphs p WHERE draft_id = ? ORDER BY rowid", (draft.id,)
    ).fetchall()
    written: dict[str, dict[int, Past]] = {row["key"]: {} for row in rows}
    for row in connection.execute("SELECT * FROM versions WHERE draft_id = ? ORDER BY id", (draft.id,)):
        written[row["key"]][row["id"]] = Past(read_version(row), row["created"])
    present = {p.key: p for p in draft.paragraphs}
    deleted = []
    for row in rows:
        past = written[row["key"]]
        paragraph = present.get(row["key"])
        if paragraph is not None and row["writing_id"] is not None and paragraph.version is not None:
            # Its text so far is in the draft; the row gets it when it is done.
            past[row["writing_id"]] = replace(past[row["writing_id"]], version=paragraph.version)
            if not paragraph.text.strip():
                del past[row["writing_id"]]
        kept = row["writing_id"] if row["goes_on"] else row["version_id"] or row["writing_id"]
        version = past[kept].version if kept in past else None
        status = Status(row["status"])
        if status is Status.WRITING:  # nobody writes the copy
            status = Status.WRITTEN if version is not None else Status.PLANNED
        if paragraph is not None:
            present[row["key"]] = replace(paragraph, version=version, status=status)
        else:
            step = Step(row["main_point"], row["words"], bool(row["locked"]), row["note"], row["cue"])
            deleted.append(Paragraph(step, row["key"], status, version, len(past), row["problem"]))
    return Project(
        draft=replace(draft, paragraphs=tuple(present.values())),
        history={key: tuple(past.values()) for key, past in written.items()},
        deleted=tuple(deleted),
        export_options=export_options(connection, draft.id),
    )


def insert(connection: sqlite3.Connection, project: Project, owner: str | None = None) -> None:
    """The rows of a new draft of `owner`, as revision 1; a paragraph without a history gets its present version."""
    draft = project.draft
    brief = draft.brief
    columns = {
        "id": draft.id, "instruction": brief.instruction, "target_words": brief.target_words,
        "language": brief.language, "notes": brief.notes, "seed": draft.seed, **head_columns(draft),
        "created": now(), "updated": now(), "rev": 1, "head_rev": 1, "order_rev": 1, "owner": owner,
    }  # fmt: skip
    connection.execute(
        f"INSERT INTO drafts ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", (*columns.values(),)
    )
    set_export_options(connection, draft.id, project.export_options)
    places = [*enumerate(draft.paragraphs), *((None, p) for p in project.deleted)]
    for position, paragraph in places:
        connection.execute(
            """INSERT INTO paragraphs (draft_id, key, position, main_point, words, locked, note, cue, status, problem,
                                       rev) VALUES (?,?,?,?,?,?,?,?,?,?,1)""",
            (
                draft.id, paragraph.key, position, paragraph.step.main_point, paragraph.step.words,
                paragraph.step.locked, paragraph.step.note, paragraph.step.cue,
                paragraph.status.value, paragraph.problem,
            ),
        )  # fmt: skip
        current = None
        for past in project.past(paragraph):
            row = insert_version(connection, draft.id, paragraph.key, past.version, past.created)
            if past.version == paragraph.version:
                current = row
        connection.execute(
            "UPDATE paragraphs SET version_id = ? WHERE draft_id = ? AND key = ?", (current, draft.id, paragraph.key)
        )


def export_options(connection: sqlite3.Connection, draft_id: str) -> dict[str, object]:
    """What was chosen for the exports of the draft `draft_id`."""
    (values,) = connection.execute("SELECT export_options FROM drafts WHERE id = ?", (draft_id,)).fetchone()
    return dict(json.loads(values))


def set_export_options(connection: sqlite3.Connection, draft_id: str, options: Mapping[str, object]) -> None:
    """Remember what was chosen for the exports of the draft `draft_id`."""
    connection.execute("UPDATE drafts SET export_options = ? WHERE id = ?", (json.dumps(dict(options)), draft_id))
