"""Another process holds the store's lock: the short form of `python -m tests.faults.busy`."""

from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft
from longwriter_ui.errors import StoreError
from longwriter_ui.store.drafts import DraftStore
from tests.faults.busy import LASTING, MOMENT, ONCE, Fault, Other, disturbed, run


def test_a_lock_that_lasts_a_moment_is_waited_for_and_a_longer_one_is_told() -> None:
    for kind, told in ((MOMENT, False), (ONCE, True), (LASTING, True)):
        found = run(["editing"], [kind], every=11)
        assert [problem for figures in found for problem in figures.problems] == []
        assert all(figures.locked > 3 and (figures.told > 0) == told for figures in found)


def test_a_store_that_is_locked_while_it_is_opened_or_written_into_loses_nothing() -> None:
    found = run(["opening", "migrating"], [ONCE], every=3) + run(["writing"], [ONCE], every=40)
    assert [problem for figures in found for problem in figures.problems] == []
    assert all(figures.locked for figures in found)


def test_a_person_is_told_that_it_is_another_program(tmp_path: Path) -> None:
    other, path = Other(), tmp_path / "drafts.sqlite3"
    with disturbed(Fault(other, path, ONCE, 0)):
        store = DraftStore(path)
        assert other.hold(path)
        with pytest.raises(StoreError, match="database is locked") as caught:
            store.add(Draft("id", "Title", Brief("Write.", 100, "en")))
        assert caught.value.hint.startswith("Another program is at work") and caught.value.retryable
        other.let_go()
        store.add(Draft("id", "Title", Brief("Write.", 100, "en")))
        store.close()
    other.close()
