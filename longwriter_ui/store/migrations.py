"""The schema, as append-only named steps. Never change a step that has shipped; add one."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

from longwriter_ui.errors import StoreError
from longwriter_ui.wholefile import sync, sync_folder

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001_drafts",
        """
        CREATE TABLE drafts (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            instruction TEXT NOT NULL,
            target_words INTEGER NOT NULL,
            language TEXT NOT NULL,
            mode TEXT NOT NULL,
            seed INTEGER NOT NULL,
            opening TEXT NOT NULL DEFAULT '',
            raw_plan TEXT NOT NULL DEFAULT '',
            planning_problem TEXT NOT NULL DEFAULT '',
            created TEXT NOT NULL,
            updated TEXT NOT NULL,
            rev INTEGER NOT NULL,           -- of the last change of any kind
            head_rev INTEGER NOT NULL,      -- of the last change to this row's own columns
            order_rev INTEGER NOT NULL      -- of the last change to which paragraphs there are, and their order
        );
        CREATE TABLE versions (
            id INTEGER PRIMARY KEY,
            draft_id TEXT NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            text TEXT NOT NULL,
            author TEXT NOT NULL,
            finish TEXT NOT NULL,
            basis_brief TEXT NOT NULL,
            basis_step TEXT NOT NULL,
            basis_before TEXT NOT NULL,
            prompt TEXT NOT NULL,
            rest TEXT NOT NULL,
            tokens BLOB NOT NULL,           -- int32, little endian
            vocabulary TEXT NOT NULL,
            created TEXT NOT NULL
        );
        CREATE INDEX versions_of ON versions(draft_id, key);
        CREATE TABLE paragraphs (
            draft_id TEXT NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            position INTEGER,               -- NULL: deleted from the draft, kept with its versions
            main_point TEXT NOT NULL,
            words INTEGER,
            status TEXT NOT NULL,
            problem TEXT NOT NULL DEFAULT '',
            version_id INTEGER REFERENCES versions(id),
            writing_id INTEGER REFERENCES versions(id),  -- being written now, to replace version_id
            rev INTEGER NOT NULL,
            PRIMARY KEY (draft_id, key)
        );
        CREATE TABLE deltas (               -- text of a version being written, in the order it came
            id INTEGER PRIMARY KEY,
            draft_id TEXT NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            rev INTEGER NOT NULL,
            text TEXT NOT NULL
        );
        CREATE INDEX deltas_of ON deltas(draft_id, rev);
        """,
    ),
    (
        "0002_export_options",
        """
        ALTER TABLE drafts ADD COLUMN export_options TEXT NOT NULL DEFAULT '{}';  -- JSON object
        """,
    ),
    (
        "0003_board",
        """
        ALTER TABLE paragraphs ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;  -- rebalancing leaves its words alone
        ALTER TABLE paragraphs ADD COLUMN note TEXT NOT NULL DEFAULT '';      -- to the writer, for this step
        ALTER TABLE paragraphs ADD COLUMN cue TEXT NOT NULL DEFAULT '';       -- holds from this step on
        ALTER TABLE paragraphs ADD COLUMN offered TEXT NOT NULL DEFAULT '[]'; -- JSON: ids of versions to choose from
        ALTER TABLE drafts ADD COLUMN notes TEXT NOT NULL DEFAULT '';         -- reference notes of the brief
        ALTER TABLE drafts ADD COLUMN proposal TEXT NOT NULL DEFAULT '';      -- a plan that waits to be accepted
        ALTER TABLE drafts ADD COLUMN trashed TEXT;                           -- when it was put in the trash
        CREATE TABLE journal (              -- each change of a draft, to be undone and done again
            id INTEGER PRIMARY KEY,
            draft_id TEXT NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
            label TEXT NOT NULL,            -- what was done, for the person
            kin TEXT NOT NULL DEFAULT '',   -- changes that are undone as one carry the same word here
            undone INTEGER NOT NULL DEFAULT 0,
            change TEXT NOT NULL            -- JSON, see store/journal.py
        );
        CREATE INDEX journal_of ON journal(draft_id, id);
        """,
    ),
    (
        "0004_manner",
        """
        ALTER TABLE drafts ADD COLUMN manner TEXT NOT NULL DEFAULT '{}';      -- JSON: how it is written, where chosen
        """,
    ),
    (
        "0005_owner",
        """
        ALTER TABLE drafts ADD COLUMN owner TEXT;  -- the visitor it belongs to; NULL: the person whose machine it is
        CREATE INDEX drafts_of ON drafts(owner, updated);
        """,
    ),
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the store in the file `path` to the newest schema, each step in its own transaction. A store with drafts in
    it is copied first, to a file beside it; one from a newer version is refused and left as it is."""
    refuse_newer(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
    applied = _applied(connection)
    steps = [(name, script) for name, script in MIGRATIONS if name not in applied]
    if steps and applied:
        _back_up(connection, backup_of(path, steps[0][0]), steps[0][0])
    for name, script in steps:
        # executescript commits what is open, so the step's transaction is part of the script itself. A second
        # process that opens the store meanwhile waits at BEGIN IMMEDIATE and then finds the name taken.
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; INSERT INTO migrations VALUES ('{name}', datetime('now')); {script}; COMMIT;"
            )
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK")


def refuse_newer(connection: sqlite3.Connection) -> None:
    """StoreError for a store that a newer version of the application has changed; one that cannot tell passes."""
    try:
        unknown = _applied(connection) - {name for name, _ in MIGRATIONS}
    except sqlite3.DatabaseError:
        return
    if unknown:
        raise StoreError(
            f"The drafts were saved by a newer version of LongWriter Studio ({', '.join(sorted(unknown))}).",
            "Update the application; nothing was changed.",
        )


def backup_of(path: Path, name: str) -> Path:
    """Where the store is copied before the migration `name`."""
    return path.with_name(f"{path.stem}.before-{name}{path.suffix}")


def _back_up(connection: sqlite3.Connection, target: Path, name: str) -> None:
    """Copy the store to `target`, whole or not at all."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        copy = sqlite3.connect(temporary, isolation_level=None)
        try:
            copy.execute("PRAGMA journal_mode = OFF")
            copy.execute("PRAGMA synchronous = FULL")
            connection.backup(copy)
            if name in _applied(copy):
                return  # another process was faster, and has the copy of before
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, that can be put in place of the store
        finally:
            copy.close()
        sync(temporary)
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _applied(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM migrations")}
