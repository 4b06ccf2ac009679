"""Any interleaving of edits, streaming and polls: what a page has put together is what is stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Status, Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui.board import news

WORDS = st.sampled_from(["", "rain", "The tide came in. It went out.", "a b"])
PLACES = st.integers(0, 4)
PAGES = st.integers(0, 1)
FINISHES = st.sampled_from([FinishReason.STOP, FinishReason.LENGTH, FinishReason.LOOP, FinishReason.CANCELLED])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("poll"), PAGES, st.just(0)),
        st.tuples(st.just("poll"), PAGES, st.just(0)),
        st.tuples(st.just("edit_text"), PLACES, WORDS),
        st.tuples(st.just("edit_step"), PLACES, WORDS),
        st.tuples(st.just("insert_step"), PLACES, WORDS),
        st.tuples(st.just("delete_step"), PLACES, st.just("")),
        st.tuples(st.just("move_step"), PLACES, PLACES),
        st.tuples(st.just("split_step"), PLACES, st.just("")),
        st.tuples(st.just("merge_step"), PLACES, st.just("")),
        st.tuples(st.just("keep"), PLACES, st.just("")),
        st.tuples(st.just("title"), PLACES, WORDS),
        st.tuples(st.just("begin"), PLACES, st.booleans()),
        st.tuples(st.just("append"), PLACES, WORDS),
        st.tuples(st.just("append"), PLACES, WORDS),
        st.tuples(st.just("finish"), PLACES, FINISHES),
        st.tuples(st.just("fail"), PLACES, st.just("")),
        st.tuples(st.just("propose"), PLACES, WORDS),
        st.tuples(st.just("undo"), PLACES, st.just("")),
        st.tuples(st.just("redo"), PLACES, st.just("")),
    ),
    max_size=30,
)


class Page:
    """What the page's script does with news."""

    def __init__(self) -> None:
        self.rev = 0
        self.head: dict[str, Any] = {}
        self.order: list[str] = []
        self.cards: dict[str, dict[str, Any]] = {}

    def poll(self, studio: Studio, draft_id: str) -> None:
        answer = news(studio, {"draft": draft_id, "rev": self.rev})
        self.rev = answer["rev"]
        self.head = answer.get("head", self.head)
        self.order = answer.get("order", self.order)
        self.cards.update((card["key"], card) for card in answer.get("cards", ()))
        for key, text in answer.get("deltas", ()):
            card = self.cards[key]
            self.cards[key] = {**card, "text": card["text"] + text}

    @property
    def view(self) -> tuple[object, ...]:
        """All that is seen: the words of a card whose text streams are counted by the script, and how many steps were
        edited is told only beside a plan that waits."""
        head = {k: v for k, v in self.head.items() if k != "edited_steps" or self.head["proposal"]}
        return head, [{k: v for k, v in self.cards[key].items() if k != "words"} for key in self.order]


def act(studio: Studio, draft: Draft, what: str, place: int, value: Any) -> None:
    store = studio._store
    key = draft.paragraphs[place % len(draft.paragraphs)].key if draft.paragraphs else "none"
    if what in ("undo", "redo"):
        getattr(studio, what)(draft.id)
    elif what == "propose":
        store.change(draft.id, lambda d: replace(d, proposal=value), label=what)
    elif what == "begin":
        text = next((p.text for p in draft.paragraphs if p.key == key), "") if value else ""
        if all(p.status is not Status.WRITING for p in draft.paragraphs if p.key == key):
            store.begin(draft.id, key, Version(text, Author.MODEL, FinishReason.CANCELLED), "opening")
    elif what in ("append", "finish", "fail"):
        writing = [p for p in draft.paragraphs if p.status is Status.WRITING]
        if not writing:
            return
        paragraph = writing[place % len(writing)]
        if what == "append":
            store.append(draft.id, paragraph.key, value)
        elif what == "fail":
            store.finish(draft.id, paragraph.key, None, problem="It broke off.")
        else:
            store.finish(draft.id, paragraph.key, Version(paragraph.text, Author.MODEL, value, tokens=(1,)))
    else:
        fields = {
            "edit_text": {"text": value},
            "edit_step": {"main_point": value},
            "insert_step": {"after": key, "main_point": value},
            "move_step": {"to": value},
            "title": {"title": value},
        }
        name = "set_title" if what == "title" else what
        store.change(
            draft.id, lambda d: apply_edit(d, {"do": name, "key": key, **fields.get(what, {})}), key=key, label=what
        )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_a_page_that_polls_at_any_time_shows_what_is_stored(studio: Studio, steps: list[tuple[str, int, Any]]) -> None:
    draft_id = studio.create(Brief.create("Write about rain.", 300)).id
    studio.edit(draft_id, None, {"do": "set_plan", "text": "1. Rain\n2. Tide\n3. Wind"})
    pages = [Page(), Page()]
    for what, place, value in [*steps, ("poll", 0, 0), ("poll", 1, 0)]:
        if what != "poll":
            with suppress(LongWriterError):
                act(studio, studio.draft(draft_id), what, place, value)
            continue
        pages[place].poll(studio, draft_id)
        fresh = Page()
        fresh.poll(studio, draft_id)
        assert pages[place].view == fresh.view
