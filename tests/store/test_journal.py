"""Undo and redo: any run of changes, taken back, is the start; done again, the end. Also after a restart."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Paragraph, Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.errors import ConflictError, EditError, LongWriterError
from longwriter_ui.plan import Step
from longwriter_ui.store.drafts import DraftStore

START = Draft(
    "id",
    "Title",
    Brief("Write a guide.", 600, "en"),
    paragraphs=tuple(Paragraph(Step(f"Point {n}", 100 * n), key=f"k{n}") for n in range(1, 5)),
)


@pytest.fixture
def store(tmp_path: Path) -> DraftStore:
    store = DraftStore(tmp_path / "drafts.sqlite3")
    store.add(START)
    return store


def seen(store: DraftStore) -> Draft:
    """The draft without what is only ever added to: how many texts were made, and what the model was sent."""
    draft = store.get("id")
    return replace(draft, opening="", paragraphs=tuple(replace(p, versions=0) for p in draft.paragraphs))


def edit(store: DraftStore, do: str, **fields: object) -> None:
    store.change(
        "id", lambda draft: apply_edit(draft, {"do": do, **fields}), label=do, kin=str(fields.get("burst", ""))
    )


def answer(store: DraftStore, key: str, text: str, finish: FinishReason = FinishReason.STOP) -> None:
    store.begin("id", key, Version("", Author.MODEL), "opening")
    store.append("id", key, text)
    store.finish("id", key, Version(text, Author.MODEL, finish))


KEYS = st.sampled_from(["k1", "k2", "k3", "k4", "gone"])
WORDS = st.sampled_from(["", "rain", "the tide came in", "a b c d. And more."])
BURSTS = st.sampled_from("ab")
FINISHES = st.sampled_from(list(FinishReason))
OPERATIONS = st.one_of(
    st.tuples(st.just("edit_step"), st.fixed_dictionaries({"key": KEYS, "main_point": WORDS})),
    st.tuples(st.just("edit_step"), st.fixed_dictionaries({"key": KEYS, "words": st.integers(1, 900)})),
    st.tuples(st.just("edit_text"), st.fixed_dictionaries({"key": KEYS, "text": WORDS, "burst": BURSTS})),
    st.tuples(st.just("insert_step"), st.fixed_dictionaries({"after": KEYS})),
    st.tuples(st.just("delete_step"), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(st.just("move_step"), st.fixed_dictionaries({"key": KEYS, "to": st.integers(0, 3)})),
    st.tuples(st.just("keep"), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(st.just("set_title"), st.fixed_dictionaries({"title": WORDS})),
    st.tuples(st.just("model"), st.fixed_dictionaries({"key": KEYS, "text": WORDS, "finish": FINISHES})),
    st.tuples(st.just("split_step"), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(st.just("merge_step"), st.fixed_dictionaries({"key": KEYS})),
    st.tuples(st.just("replace_text"), st.fixed_dictionaries({"find": st.just("a"), "text": WORDS})),
    st.tuples(st.just("edit_step"), st.fixed_dictionaries({"key": KEYS, "locked": st.booleans(), "cue": WORDS})),
    st.tuples(st.just("rebalance"), st.just({})),
    st.tuples(st.just("set_mode"), st.fixed_dictionaries({"mode": st.sampled_from(["oneshot", "parallel"])})),
    st.tuples(st.just("set_manner"), st.just({"values": {"temperature": 0.7}})),
    st.tuples(st.just("set_plan"), st.just({"text": "1. The rain (200 words)\n2. The tide"})),
    st.tuples(st.just("undo"), st.just({})),
    st.tuples(st.just("redo"), st.just({})),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OPERATIONS, max_size=14))
def test_undo_all_is_the_start_and_redo_all_is_the_end(operations: list[tuple[str, dict[str, object]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = DraftStore(Path(folder) / "drafts.sqlite3")
        store.add(START)
        start = seen(store)
        for name, fields in operations:
            try:
                if name == "model":
                    answer(store, **fields)  # type: ignore[arg-type]
                elif name in ("undo", "redo"):
                    getattr(store, name)("id")
                else:
                    edit(store, name, **fields)
            except LongWriterError:
                continue
        walk(store, "redo")
        end = seen(store)
        store.close()
        store = DraftStore(Path(folder) / "drafts.sqlite3")
        steps = walk(store, "undo")
        assert seen(store) == start
        assert walk(store, "redo") == steps
        assert seen(store) == end
        store.close()


def walk(store: DraftStore, way: str) -> int:
    steps = 0
    while True:
        try:
            getattr(store, way)("id")
        except EditError:
            return steps
        steps += 1


def test_a_deleted_step_comes_back_with_its_key_text_and_versions(store: DraftStore) -> None:
    answer(store, "k2", "First.")
    edit(store, "edit_text", key="k2", text="Second.")
    before = store.get("id")
    edit(store, "delete_step", key="k2")
    assert store.undo("id") == "delete_step"
    assert store.get("id") == before
    assert [past.version.text for past in store.history("id", "k2")] == ["First.", "Second."]


def test_typing_in_one_bout_is_undone_as_one_and_a_new_change_ends_what_can_be_redone(store: DraftStore) -> None:
    answer(store, "k1", "Model.")
    for text in ("A", "An", "And"):
        edit(store, "edit_text", key="k1", text=text, burst="1")
    assert store.undo("id") == "edit_text"
    assert store.get("id").paragraphs[0].text == "Model."
    edit(store, "set_title", title="Other")
    with pytest.raises(EditError, match="again"):
        store.redo("id")
    undo = store.since("id", 0).undo
    assert undo is not None
    assert undo.label == "set_title"


def test_what_the_model_wrote_is_undone_too_and_views_hear_of_it(store: DraftStore) -> None:
    answer(store, "k1", "One.")
    answer(store, "k1", "Two.")
    rev = store.since("id", 0).rev
    store.undo("id")
    news = store.since("id", rev)
    assert news.changed == {"k1"}
    assert news.undo is not None
    assert news.redo is not None
    assert (news.undo.label, news.redo.label) == ("write", "write")
    assert news.draft.paragraphs[0].text == "One."
    assert news.places == {"k1": (1, 2)}


def test_a_paragraph_being_written_is_not_undone_under_the_model_s_hands(store: DraftStore) -> None:
    edit(store, "edit_text", key="k1", text="Mine.")
    store.begin("id", "k1", Version("", Author.MODEL), None)
    with pytest.raises(EditError, match="being written"):
        store.undo("id")


def test_a_text_that_was_there_before_is_not_stored_again(store: DraftStore) -> None:
    for text in ("One.", "Two.", "One."):
        answer(store, "k1", text)
        edit(store, "keep", key="k1")
    assert [past.version.text for past in store.history("id", "k1")] == ["One.", "Two."]
    assert [past.present for past in store.history("id", "k1")] == [True, False]


def test_asking_twice_for_the_same_undo_undoes_once(store: DraftStore) -> None:
    edit(store, "set_title", title="A")
    edit(store, "set_title", title="B")
    wanted = store.since("id", 0).undo
    assert wanted is not None
    store.undo("id", wanted.entry)
    store.undo("id", wanted.entry)
    assert store.get("id").title == "A"
    with pytest.raises(ConflictError):
        store.redo("id", wanted.entry + 1)


MINE = "My own words, not"


def begun_by_hand(store: DraftStore) -> None:
    """A stopped answer in whose place the person put unfinished words, and with which the model now goes on."""
    answer(store, "k2", "It had begun", FinishReason.CANCELLED)
    edit(store, "edit_text", key="k2", text=MINE)
    store.begin("id", "k2", Version(MINE, Author.MODEL, FinishReason.CANCELLED), None)


def test_going_on_with_a_text_leaves_it_as_it_was_and_undo_gives_it_back(store: DraftStore) -> None:
    begun_by_hand(store)
    before = store.history("id", "k2")[-1]
    assert (before.version.text, before.version.author, before.present) == (MINE, Author.USER, True)
    store.append("id", "k2", " yet the last")
    assert store.settled("id").paragraphs[1].text == MINE + " yet the last"
    store.finish("id", "k2", Version(MINE + " yet the last.", Author.MODEL))
    texts = [(past.version.text, past.version.author) for past in store.history("id", "k2")]
    assert texts == [
        ("It had begun", Author.MODEL), (MINE, Author.USER), (MINE + " yet the last.", Author.MODEL),
    ]  # fmt: skip
    assert store.undo("id") == "write"
    assert store.get("id").paragraphs[1].version == before.version
    store.redo("id")
    assert store.get("id").paragraphs[1].text == MINE + " yet the last."


def test_a_continuation_that_broke_off_keeps_its_words_and_those_it_began_with(store: DraftStore) -> None:
    begun_by_hand(store)
    store.append("id", "k2", " yet the")
    store.recover("id")
    assert store.get("id").paragraphs[1].text == MINE + " yet the"
    assert store.history("id", "k2")[-2].version.author is Author.USER
    store.undo("id")
    assert store.get("id").paragraphs[1].text == MINE


@pytest.mark.parametrize("finish", [FinishReason.CANCELLED, FinishReason.STOP])
def test_words_that_the_model_adds_nothing_to_stay_the_person_s(store: DraftStore, finish: FinishReason) -> None:
    begun_by_hand(store)
    store.finish("id", "k2", Version(MINE, Author.MODEL, finish))
    version = store.get("id").paragraphs[1].version
    assert version is not None
    assert (version.text, version.author, version.finish) == (MINE, Author.USER, finish)
    assert len(store.history("id", "k2")) == 2


def test_a_stopped_answer_and_its_end_are_one_text_of_the_history(store: DraftStore) -> None:
    answer(store, "k1", "It had begun ", FinishReason.CANCELLED)
    store.begin("id", "k1", Version("It had begun ", Author.MODEL, FinishReason.CANCELLED), None)
    store.finish("id", "k1", Version("It had begun well.", Author.MODEL))
    assert [past.version.text for past in store.history("id", "k1")] == ["It had begun well."]
    store.undo("id")
    assert store.get("id").paragraphs[0].text == "It had begun "
    assert [past.present for past in store.history("id", "k1")] == [True, False]
