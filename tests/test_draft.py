from __future__ import annotations

from dataclasses import replace

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Paragraph, Status, Version, new_key
from longwriter_ui.plan import Step


@pytest.fixture
def draft() -> Draft:
    """Three steps; two are written, each from what stood before it."""
    steps = (Step("Open", 100), Step("Hills", 200), Step("End", 100))
    draft = Draft("id", "Title", Brief("Write a guide.", 400, "en"), paragraphs=tuple(map(Paragraph, steps)))
    for index, text in enumerate(["One two three.", "Four five."]):
        version = Version(text, Author.MODEL, basis=draft.basis(index), rest=draft.rest(index + 1))
        draft = draft.with_paragraph(replace(draft.paragraphs[index], status=Status.WRITTEN, version=version))
    return draft


# Worked out by hand from LongBench-Write: 1 - (y/x - 1)/3 above the target, 1 - (x/y - 1)/2 below it.
def test_text_and_words_leave_out_what_is_not_written(draft):
    assert draft.text == "One two three.\n\nFour five."
    assert draft.words == 5
    assert [p.finished for p in draft.paragraphs] == [True, True, False]


def test_nothing_is_stale_just_after_writing(draft):
    assert [draft.stale(i) for i in range(3)] == [(), (), ()]


def test_a_changed_brief_makes_every_text_stale(draft):
    changed = replace(draft, brief=Brief("Write another guide.", 400, "en"))
    assert [changed.stale(i) for i in range(3)] == [("brief",), ("brief",), ()]


@pytest.mark.parametrize("step", [Step("Opening", 100), Step("Open", 120), Step("Open")])
def test_a_changed_step_makes_its_own_text_stale(draft, step):
    changed = draft.with_paragraph(replace(draft.paragraphs[0], step=step))
    assert [changed.stale(i) for i in range(3)] == [("step",), (), ()]


def test_a_changed_text_makes_later_ones_stale(draft):
    first = draft.paragraphs[0]
    changed = draft.with_paragraph(replace(first, version=replace(first.version, text="Other.")))
    assert [changed.stale(i) for i in range(3)] == [(), ("before",), ()]
    undone = changed.with_paragraph(first)
    assert undone.stale(1) == ()


def test_exchanged_paragraphs_are_stale(draft):
    one, two, three = draft.paragraphs
    assert replace(draft, paragraphs=(two, one, three)).stale(0) == ("before",)


def test_a_stopped_text_is_not_finished(draft):
    first = draft.paragraphs[0]
    for finish, finished in [
        (FinishReason.STOP, True),
        (FinishReason.LENGTH, True),
        (FinishReason.CANCELLED, False),
        (FinishReason.ERROR, False),
    ]:
        assert replace(first, version=replace(first.version, finish=finish)).finished is finished


def test_the_rest_of_the_plan_knows_its_numbers_and_words(draft):
    assert draft.rest(1) == draft.rest(1)
    assert draft.rest(1) != draft.rest(2)
    shorter = replace(draft, paragraphs=draft.paragraphs[:2])
    assert shorter.rest(1) != draft.rest(1)


def test_keys_are_found_and_never_alike(draft):
    assert draft.index(draft.paragraphs[2].key) == 2
    with pytest.raises(KeyError):
        draft.index("none")
    assert len({new_key() for _ in range(1000)}) == 1000
