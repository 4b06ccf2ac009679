"""A store of the first schema, with a draft in it, becomes one of today and loses nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from longwriter_ui.draft import Author, FinishReason, Status
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.migrations import MIGRATIONS


def old_store(path: Path) -> None:
    """What the first version left behind: a draft with an edited paragraph, one stopped, one planned, one deleted."""
    name, script = MIGRATIONS[0]
    assert name == "0001_drafts"
    with sqlite3.connect(path) as db:
        db.executescript("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL);" + script)
        db.execute("INSERT INTO migrations VALUES (?, '2026-11-01')", (name,))
        db.execute(
            """INSERT INTO drafts VALUES ('old', 'Old title', 'Write it', 900, 'en', 'agentwrite', 5, 'opening', '', '',
               '2026-11-01T00:00:00.000+00:00', '2026-11-02T00:00:00.000+00:00', 7, 3, 2)"""
        )
        for number, (key, text, author, finish) in enumerate(
            [("a", "model's", "model", "stop"), ("a", "person's", "user", "stop"), ("b", "half", "model", "cancelled"),
             ("d", "gone", "user", "stop")], 1,
        ):  # fmt: skip
            db.execute(
                "INSERT INTO versions VALUES (?, 'old', ?, ?, ?, ?, 'x', 'y', 'z', 'p', 'r', ?, 'v', '2026-11-01')",
                (number, key, text, author, finish, b"\x01\0\0\0"),
            )
        for key, position, status, version in (
            ("a", 0, "written", 2), ("b", 1, "written", 3), ("c", 2, "planned", None), ("d", None, "written", 4),
        ):  # fmt: skip
            db.execute(
                "INSERT INTO paragraphs VALUES ('old', ?, ?, ?, 300, ?, '', ?, NULL, 4)",
                (key, position, f"point {key}", status, version),
            )


def test_a_draft_of_the_first_schema_is_all_there(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite3"
    old_store(path)
    store = DraftStore(path)
    draft = store.get("old")
    assert (draft.title, draft.seed, draft.opening, draft.brief.target_words) == ("Old title", 5, "opening", 900)
    assert [(p.key, p.text, p.status) for p in draft.paragraphs] == [
        ("a", "person's", Status.WRITTEN),
        ("b", "half", Status.WRITTEN),
        ("c", "", Status.PLANNED),
    ]
    version = draft.paragraphs[1].version
    assert version is not None and version.finish is FinishReason.CANCELLED and version.tokens == (1,)
    project = store.project("old")
    assert [past.version.author for past in project.history["a"]] == [Author.MODEL, Author.USER]
    assert [(p.key, p.text) for p in project.deleted] == [("d", "gone")]
    assert store.since("old", 0).rev == 7
    assert store.export_options("old") == {}
    store.change_export_options("old", lambda before: {**before, "author": "Ann"})
    store.close()
    again = DraftStore(path)
    assert again.export_options("old") == {"author": "Ann"}
    assert again.since("old", 0).rev == 7
    again.close()
