"""The studio killed while it plans, streams, is edited, migrates: the short form of `python -m tests.faults.kill`."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.kill import MIGRATING, STREAMING, WORKING, kill_once

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
BUSY = 3.0  # seconds; the long form holds it to half a second, on a machine that does nothing else


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_was_acknowledged_is_there_after_a_kill_and_the_job_goes_on(tmp_path: Path, seed: int) -> None:
    found = kill_once(tmp_path, seed, replace(STREAMING, within=1.0), most_lost=BUSY)
    assert found.problems == []
    assert found.lost is not None, "nothing streamed"
    assert found.acknowledged > 0


def test_a_kill_at_any_other_moment_loses_nothing_either(tmp_path: Path) -> None:
    assert kill_once(tmp_path, 3, replace(WORKING, within=3.0), most_lost=BUSY).problems == []


@pytest.mark.parametrize("seed", [4, 5])
def test_a_kill_while_an_old_store_is_migrated_loses_nothing(tmp_path: Path, seed: int) -> None:
    assert kill_once(tmp_path, seed, MIGRATING, old=True, most_lost=BUSY).problems == []
