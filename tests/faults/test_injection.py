"""The disk fails at calls of the store and the exporters: the short form of `python -m tests.faults.inject`."""

from __future__ import annotations

import pytest

from tests.faults import disk
from tests.faults.inject import run

pytestmark = pytest.mark.skipif(not disk.POSSIBLE, reason=disk.WHY_NOT)


def test_a_failing_disk_costs_nothing_that_was_acknowledged_and_is_told_as_what_it_is() -> None:
    figures = run(["opening", "editing", "settings", "migrating", "exporting.longwriter.json"], ["disk full"], every=13)
    figures += run(["writing"], ["I/O error"], every=29)
    assert [problem for entry in figures for problem in entry.problems] == []
    assert all(entry.failed for entry in figures)


def test_a_lock_file_that_cannot_be_removed_does_not_undo_the_deletion_of_its_draft() -> None:
    """Every call fails once."""
    figures = run(["deleting"], ["I/O error"], every=1)
    assert any("unlink /home/locks" in kind for entry in figures for kind in entry.hit)
    assert [problem for entry in figures for problem in entry.problems] == []
