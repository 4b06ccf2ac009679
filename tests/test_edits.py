from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Paragraph, Status, Version
from longwriter_ui.edits import MAX_STEP_WORDS, MAX_STEPS, apply_edit
from longwriter_ui.edits.texts import find
from longwriter_ui.errors import EditError, LongWriterError, PlanError
from longwriter_ui.plan import Step, rebalance


def draft_with(*texts: str) -> Draft:
    paragraphs = tuple(
        Paragraph(Step(f"Point {n}", 100 * n), key=f"k{n}", status=Status.WRITTEN, version=Version(text, Author.MODEL))
        if text
        else Paragraph(Step(f"Point {n}", 100 * n), key=f"k{n}")
        for n, text in enumerate(texts, 1)
    )
    return Draft("id", "Title", Brief("Write a guide.", 600, "en"), paragraphs=paragraphs)


def keys(draft: Draft) -> list[str]:
    return [p.key for p in draft.paragraphs]


def test_edit_step_changes_what_is_given_and_nothing_else():
    draft = draft_with("Text.", "")
    edited = apply_edit(draft, {"do": "edit_step", "key": "k1", "main_point": " New\npoint ", "words": "250"})
    assert edited.paragraphs[0].step == Step("New point", 250)
    assert edited.paragraphs[0].text == "Text."
    assert apply_edit(draft, {"do": "edit_step", "key": "k1", "words": 70}).paragraphs[0].step == Step("Point 1", 70)
    assert edited.paragraphs[1] == draft.paragraphs[1]


def test_insert_step_first_and_after_a_card():
    draft = draft_with("", "")
    first = apply_edit(draft, {"do": "insert_step", "after": None})
    assert keys(first)[1:] == ["k1", "k2"]
    middle = apply_edit(draft, {"do": "insert_step", "after": "k1", "main_point": "Between", "words": 80})
    assert [p.step.main_point for p in middle.paragraphs] == ["Point 1", "Between", "Point 2"]
    assert len(set(keys(middle))) == 3


def test_delete_and_move():
    draft = draft_with("a", "b", "c")
    assert keys(apply_edit(draft, {"do": "delete_step", "key": "k2"})) == ["k1", "k3"]
    assert keys(apply_edit(draft, {"do": "move_step", "key": "k1", "to": 2})) == ["k2", "k3", "k1"]
    assert keys(apply_edit(draft, {"do": "move_step", "key": "k3", "to": 0})) == ["k3", "k1", "k2"]
    assert apply_edit(draft, {"do": "move_step", "key": "k2", "to": 1}) == draft


def test_a_person_s_text_is_a_new_version_of_theirs():
    edited = apply_edit(draft_with("Old."), {"do": "edit_text", "key": "k1", "text": "New ${alert(1)}\r\ntext."})
    version = edited.paragraphs[0].version
    assert version is not None
    assert (version.text, version.author) == ("New ${alert(1)}\ntext.", Author.USER)
    assert edited.stale(0) == ()


def test_the_same_text_is_no_edit_and_an_empty_one_goes_back_to_the_plan():
    draft = draft_with("Old.")
    assert apply_edit(draft, {"do": "edit_text", "key": "k1", "text": "Old."}) is draft
    emptied = apply_edit(draft, {"do": "edit_text", "key": "k1", "text": " \n "}).paragraphs[0]
    assert (emptied.status, emptied.version) == (Status.PLANNED, None)


def test_keep_accepts_a_stale_or_stopped_text():
    draft = draft_with("One.", "Two.")
    assert draft.stale(0)
    kept = apply_edit(draft, {"do": "keep", "key": "k1"})
    assert kept.stale(0) == ()
    assert kept.paragraphs[0].version is not None
    assert kept.paragraphs[0].version.finish is FinishReason.STOP
    with pytest.raises(EditError, match="no text"):
        apply_edit(draft_with(""), {"do": "keep", "key": "k1"})


def test_title_and_mode():
    draft = draft_with("")
    assert apply_edit(draft, {"do": "set_title", "title": " A \n B "}).title == "A B"
    assert apply_edit(draft, {"do": "set_title", "title": "  "}).title == draft.brief.title
    assert apply_edit(draft, {"do": "set_mode", "mode": "oneshot"}).mode is Mode.ONESHOT


def test_set_plan_reads_lines_and_fills_counts():
    text = "Paragraph 1 - Main Point: A - Word Count: 100 words\nParagraph 2 - Main Point: B"
    draft = apply_edit(draft_with("", ""), {"do": "set_plan", "text": text})
    assert draft.steps == (Step("A", 100), Step("B", 500))
    with pytest.raises(PlanError):
        apply_edit(draft, {"do": "set_plan", "text": "no plan"})
    with pytest.raises(EditError, match="written"):
        apply_edit(draft_with("Text."), {"do": "set_plan", "text": text})


@pytest.mark.parametrize(
    "op",
    [
        {},
        {"do": "burn"},
        {"do": ["edit_step"]},
        {"do": "edit_step", "key": "gone", "words": 100},
        {"do": "edit_step", "key": "k1", "words": 0},
        {"do": "edit_step", "key": "k1", "words": -3},
        {"do": "edit_step", "key": "k1", "words": 20_001},
        {"do": "edit_step", "key": "k1", "words": "abc"},
        {"do": "edit_step", "key": "k1", "words": "²"},
        {"do": "edit_step", "key": "k1", "words": "9" * 5000},
        {"do": "edit_step", "key": "k1", "words": 1.5},
        {"do": "edit_step", "key": "k1", "words": True},
        {"do": "edit_step", "key": "k1", "words": None},
        {"do": "edit_step", "key": "k1", "main_point": 7},
        {"do": "edit_step", "key": "k1", "main_point": "x" * 5_000},
        {"do": "edit_text", "key": "k1"},
        {"do": "edit_text", "key": "k1", "text": "x" * 400_001},
        {"do": "move_step", "key": "k1", "to": 1},
        {"do": "move_step", "key": "k1", "to": -1},
        {"do": "move_step", "key": "k1", "to": True},
        {"do": "move_step", "key": "k1"},
        {"do": "insert_step", "after": "gone"},
        {"do": "set_mode", "mode": "sideways"},
        {"do": "set_mode"},
        {"do": "set_title", "title": "x" * 301},
    ],
)
def test_a_bad_edit_is_refused_with_words(op):
    with pytest.raises(EditError) as caught:
        apply_edit(draft_with(""), op)
    assert caught.value.message.endswith((".", "!", "?"))


def test_a_plan_does_not_grow_without_end():
    draft = draft_with(*[""] * MAX_STEPS)
    with pytest.raises(EditError, match=str(MAX_STEPS)):
        apply_edit(draft, {"do": "insert_step", "after": None})


_VALUES = st.sampled_from(
    [None, True, -1, 0, 1, 10**30, 0.5, float("nan"), "", "k1", "12", "text", "第1段：开篇", [1], {}]
)
_FIELDS = ["key", "main_point", "words", "to", "after", "text", "title", "mode", "note", "cue", "locked", "find", "nth"]
_OPS = st.dictionaries(st.sampled_from(_FIELDS), _VALUES)
_NAMES = [
    "edit_step",
    "insert_step",
    "delete_step",
    "move_step",
    "edit_text",
    "keep",
    "set_title",
    "set_mode",
    "set_plan",
    "split_step",
    "merge_step",
    "rebalance",
    "accept_plan",
    "discard_plan",
    "choose",
    "dismiss",
    "replace_text",
]


@settings(deadline=None)
@given(st.sampled_from(_NAMES), _OPS)
def test_whatever_arrives_is_applied_or_refused(name, fields):
    try:
        edited = apply_edit(draft_with("One.", ""), {**fields, "do": name})
    except LongWriterError:
        return
    assert len(set(keys(edited))) == len(edited.paragraphs)


def test_split_parts_point_words_and_text_and_merge_puts_them_together():
    draft = draft_with("One went out. Two came in. Three stayed. Four left.", "Next.")
    draft = apply_edit(draft, {"do": "edit_step", "key": "k1", "main_point": "Who went out; who came in", "words": 300})
    halves = apply_edit(draft, {"do": "split_step", "key": "k1"})
    first, second = halves.paragraphs[:2]
    assert (first.step, second.step) == (Step("Who went out", 150), Step("Who came in", 150))
    assert (first.text, second.text) == ("One went out. Two came in.", "Three stayed. Four left.")
    assert (first.key, halves.paragraphs[2]) == ("k1", draft.paragraphs[1])
    whole = apply_edit(halves, {"do": "merge_step", "key": "k1"})
    assert whole.steps[0] == Step("Who went out; Who came in", 300)
    assert whole.paragraphs[0].text == "One went out. Two came in.\n\nThree stayed. Four left."
    with pytest.raises(EditError, match="no step after"):
        apply_edit(draft, {"do": "merge_step", "key": "k2"})


@pytest.mark.parametrize(
    ("name", "length"), [("text", 200_010), ("note", 2_500), ("main_point", 2_500)], ids=["text", "note", "main point"]
)
def test_two_steps_that_are_too_long_for_one_are_not_merged(name: str, length: int):
    draft = draft_with("One.", "Two.")
    for key in keys(draft):
        do = "edit_text" if name == "text" else "edit_step"
        draft = apply_edit(draft, {"do": do, "key": key, name: "word " * (length // 5)})
    with pytest.raises(EditError, match=name.replace("_", " ")):
        apply_edit(draft, {"do": "merge_step", "key": "k1"})
    draft = apply_edit(draft, {"do": "edit_text" if name == "text" else "edit_step", "key": "k1", name: "Short"})
    assert len(apply_edit(draft, {"do": "merge_step", "key": "k1"}).paragraphs) == 1


@pytest.mark.parametrize("finish", [FinishReason.CANCELLED, FinishReason.LOOP])
def test_a_stopped_text_is_still_to_be_continued_where_its_end_goes_to(finish: FinishReason):
    draft = draft_with("Whole.", "One went out. Two came in and", "Last.")
    whole, stopped, last = draft.paragraphs
    assert stopped.version is not None
    stopped = replace(stopped, version=replace(stopped.version, finish=finish))
    draft = replace(draft, paragraphs=(whole, stopped, last))
    halves = apply_edit(draft, {"do": "split_step", "key": "k2"}).paragraphs[1:3]
    assert [p.text for p in halves] == ["One went out.", "Two came in and"]
    assert [p.finished for p in halves] == [True, False]
    merged = apply_edit(draft, {"do": "merge_step", "key": "k1"})
    assert merged.paragraphs[0].version.finish is finish  # type: ignore[union-attr]
    assert apply_edit(merged, {"do": "merge_step", "key": "k1"}).paragraphs[0].finished


def test_a_stopped_text_that_takes_in_an_empty_step_stays_what_it_was():
    draft = draft_with("One went out and ", "")
    stopped = replace(draft.paragraphs[0].version, finish=FinishReason.CANCELLED)  # type: ignore[type-var]
    draft = draft.with_paragraph(replace(draft.paragraphs[0], version=stopped))
    assert apply_edit(draft, {"do": "merge_step", "key": "k1"}).paragraphs[0].version == stopped


def test_a_point_without_a_joint_stays_whole_and_the_second_half_waits_for_its_own():
    halves = apply_edit(draft_with("", ""), {"do": "split_step", "key": "k1"})
    assert [p.step for p in halves.paragraphs[:2]] == [Step("Point 1", 50), Step("", 50)]


def test_locked_steps_keep_their_words_when_the_rest_is_rebalanced():
    draft = draft_with(*[""] * 3)
    draft = apply_edit(draft, {"do": "edit_step", "key": "k2", "locked": True})
    draft = apply_edit(draft, {"do": "edit_step", "key": "k1", "words": 900})
    balanced = apply_edit(draft, {"do": "rebalance"})
    assert [step.words for step in balanced.steps] == [200, 200, 200]
    locked = apply_edit(balanced, {"do": "edit_step", "key": "k1", "words": 700, "locked": True})
    with pytest.raises(LongWriterError, match="locked"):
        apply_edit(locked, {"do": "rebalance"})


@given(st.lists(st.tuples(st.integers(1, 3000), st.booleans()), min_size=1, max_size=30), st.integers(50, 100_000))
def test_rebalancing_meets_the_target_within_the_limits_where_it_can(steps, target):
    plan = tuple(Step(f"p{n}", words, locked) for n, (words, locked) in enumerate(steps))
    budget = target - sum(step.words or 0 for step in plan if step.locked)
    free = sum(not step.locked for step in plan)
    try:
        balanced = rebalance(plan, target)
    except PlanError:
        assert not free or budget < free
        return
    assert sum(step.words or 0 for step in balanced) == target - max(0, budget - free * MAX_STEP_WORDS)
    assert all(1 <= (step.words or 0) <= MAX_STEP_WORDS for step in balanced)
    assert [s for s in balanced if s.locked] == [s for s in plan if s.locked]
    if 200 * free <= budget <= 1000 * free:
        assert all(200 <= (s.words or 0) <= 1000 for s in balanced if not s.locked)


def test_find_and_replace_one_place_or_all():
    draft = draft_with("The light-house. A Light-house.", "No lamp.", "Light-House (x)")
    assert [(place.key, place.nth) for place in find(draft, "light-house")] == [("k1", 1), ("k1", 2), ("k3", 1)]
    assert [place.key for place in find(draft, "Light-house", case=True)] == ["k1"]
    one = apply_edit(draft, {"do": "replace_text", "find": "light-house", "text": "\\1", "key": "k1", "nth": 2})
    assert [p.text for p in one.paragraphs] == ["The light-house. A \\1.", "No lamp.", "Light-House (x)"]
    every = apply_edit(draft, {"do": "replace_text", "find": "light-house", "text": "lamp"})
    assert [p.text for p in every.paragraphs] == ["The lamp. A lamp.", "No lamp.", "lamp (x)"]
    assert every.paragraphs[1] is draft.paragraphs[1]
    assert not any(marks and "before" in marks for marks in every.stale_marks()[::2])
    with pytest.raises(EditError):
        apply_edit(draft, {"do": "replace_text", "find": "lamp", "text": "", "key": "k2", "nth": 2})
    with pytest.raises(EditError):
        find(draft, "")
