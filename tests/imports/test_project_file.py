"""The project file: everything goes out and comes back, and nothing in a file is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui import project
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Mode, Status, Version
from longwriter_ui.errors import ImportRefused
from longwriter_ui.project import Project
from longwriter_ui.studio import Studio


def without_ids(found: Project) -> Project:
    """With keys by position, so that two can be compared."""
    names = {p.key: f"{n}" for n, p in enumerate((*found.draft.paragraphs, *found.deleted))}
    paragraphs = tuple(replace(p, key=names[p.key]) for p in found.draft.paragraphs)
    deleted = tuple(replace(p, key=names[p.key]) for p in found.deleted)
    history = {names[key]: past for key, past in found.history.items()}
    return Project(replace(found.draft, id="", paragraphs=paragraphs), history, deleted, dict(found.export_options))


@pytest.fixture
def written(studio: Studio) -> Draft:
    """A draft with a past: written, edited, rewritten, a card deleted, one added, options chosen."""
    draft = studio.create(
        Brief.create("Write 500 words about the ferry ${x} \u2028 文字 👍", 500), Mode.AGENTWRITE, seed=7
    )
    assert studio.plan(draft.id).wait(10)
    assert studio.write(draft.id).wait(10)
    keys = [p.key for p in studio.draft(draft.id).paragraphs]
    studio.edit(draft.id, None, {"do": "edit_text", "key": keys[0], "text": "A person's \x01 beginning."})
    assert studio.write(draft.id, [keys[1]]).wait(10)
    studio.edit(draft.id, None, {"do": "delete_step", "key": keys[2]})
    studio.edit(draft.id, None, {"do": "insert_step", "after": keys[3], "main_point": "More", "words": 70})
    studio.edit(draft.id, None, {"do": "set_title", "title": "The Ferry"})
    studio.set_export_options(draft.id, {"author": "Ann", "paper": "a5", "clean": False})
    return studio.draft(draft.id)


def test_a_draft_comes_back_with_everything(studio: Studio, written: Draft, tmp_path: Path) -> None:
    path = studio.export(written.id, tmp_path / "ferry.longwriter.json")
    draft = studio.import_file(path)
    assert draft.id != written.id
    assert not {p.key for p in draft.paragraphs} & {p.key for p in written.paragraphs}
    before, after = studio._store.project(written.id), studio._store.project(draft.id)
    assert without_ids(before) == without_ids(after)
    assert sum(map(len, after.history.values())) == 7
    assert [p.text != "" for p in after.deleted] == [True]
    assert studio.export_options(draft.id) == studio.export_options(written.id)
    assert draft.stale_marks() == written.stale_marks()
    assert {s.id for s in studio.drafts()} == {draft.id, written.id}
    assert studio.export(draft.id, tmp_path / "again.longwriter.json").read_bytes() == path.read_bytes()


def test_an_imported_draft_can_be_written_on(studio: Studio, written: Draft, tmp_path: Path) -> None:
    draft = studio.import_file(studio.export(written.id, tmp_path / "ferry.longwriter.json"))
    assert studio.write(draft.id).wait(10)
    assert all(p.finished for p in studio.draft(draft.id).paragraphs)


def test_what_is_being_written_is_exported_as_it_stands(studio: Studio, written: Draft, tmp_path: Path) -> None:
    store, key = studio._store, written.paragraphs[0].key
    store.begin(written.id, key, Version("", Author.MODEL), None)
    store.append(written.id, key, "So far")
    values = json.loads(studio.export(written.id, tmp_path / "a.longwriter.json").read_bytes())
    card = values["paragraphs"][0]
    assert [v["text"] for v in card["versions"]][-1] == "So far"
    assert card["versions"][card["current"]]["text"] == "A person's \x01 beginning."
    draft = studio.import_file(tmp_path / "a.longwriter.json")
    assert draft.paragraphs[0].text == "A person's \x01 beginning."
    assert draft.paragraphs[0].status is Status.WRITTEN


@pytest.fixture
def change(studio: Studio, written: Draft, tmp_path: Path) -> Callable[[Callable[[Any], Any]], Path]:
    """A project file with something changed in it."""

    def make(edit: Callable[[Any], Any]) -> Path:
        values = json.loads(studio.export(written.id, tmp_path / "good.longwriter.json").read_bytes())
        path = tmp_path / "bad.longwriter.json"
        path.write_text(json.dumps(edit(values) or values))
        return path

    return make


def put(*where: Any) -> Callable[[Any], None]:
    """An edit that puts the last of `where` at the place named by the others."""
    *steps, name, value = where

    def edit(values: Any) -> None:
        for step in steps:
            values = values[step]
        values[name] = value

    return edit


VERSION = ("paragraphs", 0, "versions", 0)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda _: [1, 2], "format"),
        (put("format", "other"), '"format": "longwriter-project"'),
        (put("version", 2), "newer version"),
        (put("version", "1"), "version is no number"),
        (put("version", True), "version is no number"),
        (put("title", None), "title is missing"),
        (put("title", ["x"]), "title is no text"),
        (put("title", "x" * 301), "301"),
        (put("instruction", " "), "empty"),
        (put("target_words", 10), "out of range"),
        (put("target_words", 10.5), "target_words"),
        (put("language", "xx"), "language 'xx'"),
        (put("mode", "sideways"), "mode is none of: conversation"),
        (put("seed", -1), "seed"),
        (put("seed", 2**31), "seed"),
        (put("paragraphs", {}), "paragraphs is no list"),
        (put("paragraphs", [1]), "paragraphs is no list"),
        (lambda v: put("paragraphs", v["paragraphs"][:1] * 501)(v), "more than 500"),
        (lambda v: put("paragraphs", [{}] * 6000)(v), "5,500"),
        (put("paragraphs", 0, "words", 0), "paragraphs[0].words"),
        (put("paragraphs", 0, "current", 99), "paragraphs[0].current"),
        (put("paragraphs", 0, "current", -1), "paragraphs[0].current"),
        (put("paragraphs", 0, "status", "done"), "paragraphs[0].status"),
        (put("paragraphs", 0, "deleted", "no"), "paragraphs[0].deleted"),
        (put("paragraphs", 0, "main_point", "x" * 4001), "paragraphs[0].main_point"),
        (put(*VERSION, "text", "x" * 400_001), "paragraphs[0].versions[0].text"),
        (put(*VERSION, "text", "\ud800"), "belong to no text"),
        (put(*VERSION, "text", "\x00"), "belong to no text"),
        (put(*VERSION, "author", "nobody"), "author is none of"),
        (put(*VERSION, "finish", 1), "finish is none of"),
        (put(*VERSION, "basis", "x"), "basis is no object"),
        (put(*VERSION, "basis", "brief", 5), "basis.brief is no text"),
        (put(*VERSION, "tokens", ["1"]), "tokens"),
        (put(*VERSION, "tokens", [2**31]), "tokens"),
        (put(*VERSION, "tokens", [True]), "tokens"),
        (put(*VERSION, "created", "yesterday"), "created is no time"),
        (put("export_options", []), "export_options"),
        (put("export_options", {"paper": "a3"}), "paper"),
        (put("export_options", {"shell": "rm"}), "shell"),
    ],
)
def test_a_file_with_something_wrong_is_refused_and_adds_nothing(
    studio: Studio, change: Callable[..., Path], edit: Callable[[Any], Any], words: str
) -> None:
    before = len(studio.drafts())
    with pytest.raises(ImportRefused) as caught:
        studio.import_file(change(edit))
    assert words in caught.value.message
    assert len(studio.drafts()) == before


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"format": NaN}', b"9" * 10_000])
def test_what_is_no_project_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(ImportRefused, match="no project file"):
        project.load(data)


def test_a_file_that_is_too_large_is_not_even_read_whole(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "big.longwriter.json"
    with path.open("wb") as file:
        file.truncate(project.MAX_BYTES + 1)
    with pytest.raises(ImportRefused, match="64 MB"):
        studio.import_file(path)
    with pytest.raises(ImportRefused, match="64 MB"):
        project.load(path.read_bytes())


def test_keys_in_a_file_are_not_believed(studio: Studio, change: Callable[..., Path]) -> None:
    attack = '"><img src=x onerror=alert(1)>'
    draft = studio.import_file(change(lambda v: v.update(id=attack) or v["paragraphs"][0].update(key=attack)))
    assert attack not in (draft.id, *(p.key for p in draft.paragraphs))
