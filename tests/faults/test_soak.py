"""Long use leaves nothing behind: the short form of `python -m tests.faults.soak`."""

from __future__ import annotations

from pathlib import Path

from tests.faults.soak import soak


def test_nothing_grows_that_should_not(tmp_path: Path) -> None:
    found = soak(20, 200, tmp_path)
    assert found.problems == []
    assert (found.drafts, len(found.rounds)) == (20, 20) and found.edits >= 200
