"""The store: what is written is there afterwards, whole, and only what changed is news."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Basis, Draft, FinishReason, Mode, Paragraph, Status, Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.errors import ConflictError, DraftNotFound, StoreError
from longwriter_ui.plan import Step
from longwriter_ui.store.drafts import DraftStore
from longwriter_ui.store.migrations import MIGRATIONS

TEXT = "Ünïcödé 文字 ${alert(1)} <img src=x onerror=alert(2)>\x01 {{x}}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "drafts.sqlite3"


@pytest.fixture
def store(path: Path) -> DraftStore:
    return DraftStore(path)


def draft() -> Draft:
    paragraphs = tuple(Paragraph(Step(f"point {n}", 100 * n), key=f"k{n}") for n in range(1, 4))
    return Draft("id", TEXT, Brief(TEXT, 600, "en"), Mode.AGENTWRITE, 5, paragraphs)


def version(text: str = TEXT) -> Version:
    basis = Basis("a", "b", "c")
    return Version(text, Author.MODEL, FinishReason.LENGTH, basis, "prompt", "rest", (1, 70_000, 128_255), "vocab")


def test_a_draft_comes_back_as_it_was_added_also_after_reopening(store: DraftStore, path: Path) -> None:
    store.add(draft())
    assert store.get("id") == draft()
    store.close()
    assert DraftStore(path).get("id") == draft()


def test_a_streamed_paragraph_comes_back_whole_with_its_tokens(store: DraftStore) -> None:
    store.add(draft())
    store.begin("id", "k2", Version("", Author.MODEL), "the opening")
    for piece in ("one ", "two ", "three"):
        store.append("id", "k2", piece)
    streaming = store.get("id")
    assert (streaming.paragraphs[1].text, streaming.paragraphs[1].status) == ("one two three", Status.WRITING)
    store.finish("id", "k2", version())
    done = store.get("id")
    assert done.opening == "the opening"
    assert done.paragraphs[1] == replace(draft().paragraphs[1], status=Status.WRITTEN, version=version(), versions=1)


def test_since_tells_exactly_what_changed(store: DraftStore) -> None:
    store.add(draft())
    seen = store.since("id", 0)
    assert (seen.head, seen.order, seen.changed) == (True, True, {"k1", "k2", "k3"})
    rev = store.change("id", lambda d: apply_edit(d, {"do": "edit_step", "key": "k1", "words": 50}))
    news = store.since("id", seen.rev)
    assert (news.rev, news.head, news.order, news.changed, news.deltas) == (rev, False, False, {"k1"}, ())
    rev = store.change("id", lambda d: apply_edit(d, {"do": "move_step", "key": "k3", "to": 0}))
    news = store.since("id", news.rev)
    assert (news.head, news.order, news.changed) == (False, True, frozenset())
    assert [p.key for p in news.draft.paragraphs] == ["k3", "k1", "k2"]
    store.change("id", lambda d: replace(d, title="New"))
    news = store.since("id", news.rev)
    assert (news.head, news.order, news.changed) == (True, False, frozenset())
    store.begin("id", "k1", Version("", Author.MODEL), None)
    begun = store.since("id", news.rev)
    store.append("id", "k1", "a")
    store.append("id", "k1", "b")
    assert store.since("id", begun.rev).deltas == (("k1", "a"), ("k1", "b"))
    assert store.since("id", news.rev).deltas == () and store.since("id", news.rev).changed == {"k1"}


def test_an_edit_marks_the_paragraphs_after_it_as_changed_when_they_become_stale(store: DraftStore) -> None:
    store.add(draft())
    for key in ("k1", "k2", "k3"):
        store.change("id", lambda d, key=key: apply_edit(d, {"do": "edit_text", "key": key, "text": f"text of {key}"}))
    rev = store.since("id", 0).rev
    store.change("id", lambda d: apply_edit(d, {"do": "edit_text", "key": "k1", "text": "another beginning"}))
    assert store.since("id", rev).changed == {"k1", "k2", "k3"}
    assert store.get("id").stale(1) == ("before",)


def test_every_text_that_ever_was_is_still_in_the_file(store: DraftStore, path: Path) -> None:
    store.add(draft())
    for text in ("first", "second", "third"):
        store.change("id", lambda d, text=text: apply_edit(d, {"do": "edit_text", "key": "k1", "text": text}))
    store.change("id", lambda d: apply_edit(d, {"do": "delete_step", "key": "k1"}))
    store.close()
    with sqlite3.connect(path) as db:
        assert [t for (t,) in db.execute("SELECT text FROM versions ORDER BY id")] == ["first", "second", "third"]


def test_a_failed_edit_changes_nothing(store: DraftStore) -> None:
    store.add(draft())
    rev = store.since("id", 0).rev

    def failing(d: Draft) -> Draft:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change("id", failing)
    store.change("id", lambda d: d, key="k1", seen=rev)
    with pytest.raises(ConflictError):
        store.change("id", lambda d: d, key="k1", seen=0)
    assert store.since("id", 0).rev == rev + 1
    assert store.get("id") == draft()


def test_unknown_drafts_are_told(store: DraftStore) -> None:
    for call in (store.get, store.delete, lambda i: store.since(i, 0), lambda i: store.append(i, "k", "t")):
        with pytest.raises(DraftNotFound):
            call("nobody")


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store: DraftStore, path: Path) -> None:
    store.add(draft())
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO migrations VALUES ('9999_future', '')")
    with pytest.raises(StoreError, match="newer version"):
        DraftStore(path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM drafts").fetchone() == (1,)


def test_a_folder_in_the_place_of_the_store_is_an_error_that_names_it(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"drafts\.sqlite3"):
        DraftStore(path)


def test_migrations_are_applied_once_and_by_name(path: Path) -> None:
    for _ in range(2):
        DraftStore(path).close()
    with sqlite3.connect(path) as db:
        assert [n for (n,) in db.execute("SELECT name FROM migrations")] == [name for name, _ in MIGRATIONS]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_text_that_comes_after_its_paragraph_is_done_belongs_to_no_version(store: DraftStore) -> None:
    store.add(draft())
    store.begin("id", "k1", Version("", Author.MODEL), None)
    store.finish("id", "k1", version("It was early."))
    seen = store.since("id", 0).rev
    store.append("id", "k1", " Late.")
    assert store.since("id", seen).deltas == ()
    store.begin("id", "k1", Version("", Author.MODEL), None)
    assert store.get("id").paragraphs[0].text == ""


def crowded(path: Path) -> str:
    """A store that has long texts, of which only one is left."""
    store = DraftStore(path)
    for number in range(12):
        text = version(f"{number} " * 300_000)
        store.add(replace(draft(), id=f"id{number}", paragraphs=(Paragraph(Step("p"), key="k", version=text),)))
    for number in range(1, 12):
        store.delete(f"id{number}")
    store.close()
    return version("0 " * 300_000).text


def test_what_deleted_drafts_leave_is_given_back_at_the_next_start(path: Path) -> None:
    text = crowded(path)
    before = path.stat().st_size
    store = DraftStore(path)
    assert store.get("id0").paragraphs[0].text == text
    store.close()
    assert path.stat().st_size < before / 4


def test_a_store_is_not_made_smaller_while_another_process_reads_it(path: Path) -> None:
    text = crowded(path)
    before = path.stat().st_size
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        store = DraftStore(path)
        assert store.get("id0").paragraphs[0].text == text
        other.execute("ROLLBACK")
    other.close()
    store.change("id0", lambda d: apply_edit(d, {"do": "set_title", "title": "New"}))
    store.close()
    assert path.stat().st_size >= before
