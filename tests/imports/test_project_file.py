"""The project file: everything goes out and comes back, and nothing in a file is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui import project
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Mode, Paragraph, Status, Version, new_key
from longwriter_ui.edits import MAX_STEP_WORDS, apply_edit
from longwriter_ui.errors import ExportError, ImportRefused, LongWriterError
from longwriter_ui.past import Past
from longwriter_ui.plan import Step
from longwriter_ui.project import Project
from longwriter_ui.store.drafts import DraftStore
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
        (put("paragraphs", 0, "words", 100_001), "paragraphs[0].words"),
        (put("paragraphs", 0, "main_point", 5), "paragraphs[0].main_point is no text"),
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


def test_what_was_typed_on_the_way_to_a_later_edit_is_left_out() -> None:
    begun = datetime(2026, 1, 1, tzinfo=timezone.utc)
    typed = [(0, "a"), (30, "ab"), (59, "abc"), (200, "present"), (210, "abcd"), (300, "x"), (301, "xy")]
    past = tuple(Past(Version(text, Author.USER), (begun + timedelta(seconds=at)).isoformat()) for at, text in typed)
    many = tuple(Past(Version(f"{n}", Author.MODEL), begun.isoformat()) for n in range(20_001))
    paragraph = replace(LONG.paragraphs[0], status=Status.WRITTEN, version=past[3].version)
    found = project.load(project.dump(Project(LONG.with_paragraph(paragraph), {paragraph.key: (*many, *past)})))
    texts = [each.version.text for each in found.history[found.draft.paragraphs[0].key]]
    assert texts == [*map(str, range(20_001)), "abc", "present", "abcd", "xy"]
    assert found.draft.paragraphs[0].text == "present"


def test_a_draft_too_large_to_be_taken_back_is_not_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "MAX_BYTES", 500)
    with pytest.raises(ExportError, match="the most is"):
        project.dump(Project(LONG))


LONG = Draft(
    "id",
    "Title",
    Brief.create("Write 90,000 words.", 90_000),
    paragraphs=tuple(Paragraph(Step(f"Point {n}", 100), key=f"k{n}") for n in range(3)),
)
_LONG = "A long text. " * 20_000  # two of them are more than a paragraph may have
_EDITS = st.sampled_from(
    [
        *({"do": name} for name in ("split_step", "merge_step", "merge_step", "delete_step", "rebalance", "undo")),
        *({"do": "edit_text", "text": text} for text in ("", "Short.", _LONG)),
        *({"do": "replace_text", "find": ".", "text": text} for text in ("", ", and so on")),
        *({"do": "edit_step", "main_point": text} for text in ("Rain", "x" * 4000)),
        *({"do": "edit_step", "words": words, "locked": words == 1} for words in (1, 20_000)),
        {"do": "edit_step", "note": "n" * 2500, "cue": "c" * 4000},
        *({"do": "set_plan", "text": text} for text in ("1. Rain\n2. Tide", "1. " + "x" * 9000)),
    ]
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DraftStore]:
    store = DraftStore(tmp_path_factory.mktemp("store") / "drafts.sqlite3")
    yield store
    store.close()


@settings(deadline=None, max_examples=40)
@given(ops=st.lists(st.tuples(_EDITS, st.integers(0, 3)), min_size=4, max_size=12))
def test_whatever_is_done_to_a_draft_its_project_file_is_taken_back(
    store: DraftStore, ops: list[tuple[dict[str, Any], int]]
) -> None:
    draft = replace(LONG, id=new_key())
    store.add(draft)
    for op, at in ops:
        order = [p.key for p in store.get(draft.id).paragraphs] or [""]
        edit = partial(apply_edit, op=op if op["do"] == "replace_text" else {"key": order[at % len(order)], **op})
        with suppress(LongWriterError):
            store.undo(draft.id) if op["do"] == "undo" else store.change(draft.id, edit)
    before = store.project(draft.id)
    after = project.load(project.dump(before))
    assert after.draft.steps == before.draft.steps
    assert all(step.words is None or step.words <= MAX_STEP_WORDS for step in after.draft.steps)
    assert [p.version for p in after.draft.paragraphs] == [p.version for p in before.draft.paragraphs]
    for mine, its in zip(before.draft.paragraphs, after.draft.paragraphs, strict=True):
        assert {p.version for p in after.history[its.key]} <= {p.version for p in before.history[mine.key]}


def test_keys_in_a_file_are_not_believed(studio: Studio, change: Callable[..., Path]) -> None:
    attack = '"><img src=x onerror=alert(1)>'
    draft = studio.import_file(change(lambda v: v.update(id=attack) or v["paragraphs"][0].update(key=attack)))
    assert attack not in (draft.id, *(p.key for p in draft.paragraphs))
