"""A damaged store is set aside and saved as far as SQLite can read it; a newer one is refused, an older one copied."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.errors import StoreError
from longwriter_ui.manner import Manner
from longwriter_ui.plan import Step
from longwriter_ui.store import migrations, salvage
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.migrations import MIGRATIONS, backup_of
from longwriter_ui.store.wreck import copy_rows
from tests.store.test_migrations import old_store

DRAFTS = 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with forty drafts of five long texts, of which one is being written."""
    path = tmp_path / "drafts.sqlite3"
    store = DraftStore(path)
    for number in range(DRAFTS):
        paragraphs = tuple(Paragraph(Step(f"point {n}", 100), key=f"k{n}") for n in range(5))
        store.add(Draft(f"d{number}", f"Title {number}", Brief("Write.", 600, "en"), paragraphs=paragraphs))
        for n in range(5):
            store.change(
                f"d{number}",
                lambda d, n=n: apply_edit(d, {"do": "edit_text", "key": f"k{n}", "text": text_of(d.id, n)}),
            )
    store.begin("d0", "k0", Version("", Author.MODEL), None)
    store.append("d0", "k0", "so far")
    store.close()
    return path


def text_of(draft_id: str, n: int) -> str:
    return f"Text {n} of {draft_id}. " + "The old road runs along a quiet shore. " * 20


def damage(path: Path, pages: list[int], content: bytes = b"\xa5") -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(4096 * (page - 1))
            file.write(content * 4096)


def texts(store: DraftStore) -> set[str]:
    return {p.text for line in store.summaries() for p in store.get(line.id).paragraphs}


def test_whatever_pages_are_destroyed_the_rest_is_saved_and_the_person_is_told(path: Path) -> None:
    pages = path.stat().st_size // 4096
    chance = random.Random(5)
    original = path.read_bytes()
    least = 5 * DRAFTS
    for _ in range(20):
        path.write_bytes(original)
        for name in path.parent.glob("drafts.*"):
            if name != path:
                name.unlink()
        damage(path, chance.sample(range(2, pages + 1), 2))
        store = DraftStore(path)
        told = salvage.notice_of(path).read_text(encoding="utf-8")
        assert "damaged" in told
        kept = texts(store)
        least = min(least, len(kept & {text_of(f"d{d}", n) for d in range(DRAFTS) for n in range(5)}))
        for line in store.summaries():
            store.change(line.id, lambda d: apply_edit(d, {"do": "set_title", "title": "Goes on"}))
        store.close()
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        (aside,) = path.parent.glob("drafts.damaged-*.sqlite3")
        assert aside.stat().st_size == len(original)
    assert least > 0, "of some damage nothing was saved"


def test_an_index_that_is_destroyed_costs_nothing(path: Path) -> None:
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'versions_of'").fetchone()
        before = db.execute("SELECT * FROM versions ORDER BY id").fetchall()
    db.close()
    damage(path, [page])
    DraftStore(path).close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT * FROM versions ORDER BY id").fetchall() == before
    db.close()
    assert "That is all there was." in salvage.notice_of(path).read_text(encoding="utf-8")


def test_a_column_that_holds_nonsense_does_not_lose_its_draft(path: Path) -> None:
    """Of a row that can be read, what does not fit its column is as usual again."""
    with closing(sqlite3.connect(path)) as wreck:
        wreck.execute("UPDATE drafts SET manner = 'nonsense', export_options = 'nonsense' WHERE id = 'd1'")
        fresh = path.with_name("fresh.sqlite3")
        DraftStore(fresh).close()
        with closing(sqlite3.connect(fresh, isolation_level=None)) as store:
            store.row_factory = sqlite3.Row
            copy_rows(wreck, store)
    store = DraftStore(fresh)
    assert store.get("d1").manner == Manner()
    assert store.get("d1").paragraphs[2].text == text_of("d1", 2)
    store.close()


def test_text_that_was_streaming_is_saved_too(path: Path) -> None:
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal_of'").fetchone()
    db.close()
    damage(path, [page])
    store = DraftStore(path)
    store.recover("d0")
    assert "so far" in [past.version.text for past in store.history("d0", "k0")]
    store.close()


@pytest.mark.parametrize("content", [b"\0", b"This is a letter to the reader. "])
def test_a_file_that_is_no_store_at_all_is_set_aside_and_nothing_of_it_is_lost(path: Path, content: bytes) -> None:
    letter = content * 1000
    path.write_bytes(letter)
    store = DraftStore(path)
    assert store.summaries() == []
    store.close()
    (aside,) = path.parent.glob("drafts.damaged-*.sqlite3")
    assert aside.read_bytes() == letter
    assert "nothing could be read" in salvage.notice_of(path).read_text(encoding="utf-8")


def test_a_salvage_that_was_interrupted_before_the_last_step_is_finished(path: Path) -> None:
    whole = path.read_bytes()
    path.with_name("drafts.salvaged.sqlite3").write_bytes(whole)
    damage(path, [1, 2, 3])
    path.with_name("drafts.sqlite3-wal").write_bytes(b"of the damaged file")
    store = DraftStore(path)
    assert len(store.summaries()) == DRAFTS
    store.close()


def test_a_store_that_another_process_put_in_place_is_followed(path: Path, tmp_path: Path) -> None:
    store = DraftStore(path)
    other = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as db, sqlite3.connect(other) as copy:
        db.backup(copy)
    copy.close()
    other.replace(path)
    store.change("d1", lambda d: apply_edit(d, {"do": "set_title", "title": "New"}))
    store.close()
    again = DraftStore(path)
    assert again.get("d1").title == "New"
    again.close()


def test_a_damaged_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO migrations VALUES ('9999_future', '')")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'versions_of'").fetchone()
    db.close()
    damage(path, [page])
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer version"):
        DraftStore(path)
    assert path.read_bytes() == before


def test_a_sound_store_gives_no_notice_and_no_backup(path: Path) -> None:
    DraftStore(path).close()
    assert [p.name for p in path.parent.glob("drafts.*")] == ["drafts.sqlite3"]


def test_an_old_store_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite3"
    old_store(path)
    DraftStore(path).close()
    backup = backup_of(path, MIGRATIONS[1][0])
    with sqlite3.connect(backup) as db:
        assert [name for (name,) in db.execute("SELECT name FROM migrations")] == [MIGRATIONS[0][0]]
        assert db.execute("SELECT count(*) FROM versions").fetchone() == (4,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    backup.replace(path)  # the backup is a store like any other
    store = DraftStore(path)
    assert store.get("old").title == "Old title"
    store.close()


def test_a_migration_that_fails_leaves_the_old_store_and_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drafts.sqlite3"
    old_store(path)
    broken = (*MIGRATIONS, ("9000_broken", "ALTER TABLE drafts ADD COLUMN fine TEXT; SELECT * FROM nowhere;"))
    monkeypatch.setattr(migrations, "MIGRATIONS", broken)
    with pytest.raises(StoreError, match="nowhere"):
        DraftStore(path)
    monkeypatch.undo()
    store = DraftStore(path)
    assert store.get("old").title == "Old title"
    store.close()
    assert backup_of(path, MIGRATIONS[1][0]).exists()


def test_the_notice_is_there_until_it_was_read(path: Path) -> None:
    path.write_bytes(b"no store" * 1000)
    store = DraftStore(path)
    assert "damaged" in store.notice
    store.dismiss_notice()
    store.close()
    again = DraftStore(path)
    assert again.notice == ""
    again.close()
