"""How fast a model writes, whatever else happens."""

from __future__ import annotations

import pytest

from longwriter_ui.draft import Author, Version
from longwriter_ui.events import Event, ParagraphDone, TextDelta, Usage
from longwriter_ui.progress import Pace


def speed(event: Event) -> float:
    assert isinstance(event, TextDelta)
    return event.tokens_per_second


def test_a_rest_does_not_make_the_model_slower() -> None:
    """An engine that wrote ten tokens a second for ten seconds, and then says what its own clock shows."""
    pace = Pace()
    pace.update(TextDelta("a", "x", 10), 100.0)
    assert speed(pace.update(TextDelta("a", "x", 10), 110.0)) == 10
    pace.rest(30.0)
    after = pace.update(TextDelta("a", "x", 110 / 41), 141.0)  # 110 tokens in 41 seconds, 30 of them at rest
    assert speed(after) == pytest.approx(10)
    assert pace.writing == pytest.approx(10)


def test_a_rest_counts_for_the_paragraph_it_fell_in_only() -> None:
    pace = Pace()
    pace.update(TextDelta("a", "x", 10), 0.0)
    pace.rest(5.0)
    pace.update(ParagraphDone("a", Version("x", Author.MODEL), Usage()), 10.0)
    pace.update(TextDelta("b", "x", 8), 20.0)
    assert speed(pace.update(TextDelta("b", "x", 8), 30.0)) == 8
