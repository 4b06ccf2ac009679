"""A store as the first version left it, with many drafts, and a fingerprint of all that was written in it."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from tests.store.test_migrations import old_store


def write_old_store(path: Path, drafts: int) -> str:
    """A store of the first schema; its fingerprint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old_store(path)
    with sqlite3.connect(path) as db:
        for number in range(drafts):
            name = f"old{number}"
            for table, columns in (("drafts", "id"), ("versions", "draft_id"), ("paragraphs", "draft_id")):
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                kept = [column for column in names if not (table == "versions" and column == "id")]
                chosen = [f"'{name}'" if column == columns else column for column in kept]
                chosen = ["NULL" if c in ("version_id", "writing_id") else c for c in chosen]
                chosen = [f"text || ' of {name}' || hex(zeroblob(500))" if c == "text" else c for c in chosen]
                db.execute(
                    f"INSERT INTO {table} ({', '.join(kept)}) SELECT {', '.join(chosen)} FROM {table} "
                    f"WHERE {columns} = 'old'"
                )
    db.close()
    return fingerprint(path)


def fingerprint(path: Path) -> str:
    """Of every old draft and every old text, however the schema has grown since."""
    with sqlite3.connect(path) as db:
        rows = [
            *db.execute("SELECT id, title, instruction, seed, rev FROM drafts WHERE id LIKE 'old%' ORDER BY id"),
            *db.execute(
                "SELECT draft_id, key, main_point, words FROM paragraphs WHERE draft_id LIKE 'old%' ORDER BY 1, 2"
            ),
            *db.execute("SELECT draft_id, key, text, author FROM versions WHERE draft_id LIKE 'old%' ORDER BY id"),
        ]
    db.close()
    return hashlib.sha256(repr(rows).encode()).hexdigest()
