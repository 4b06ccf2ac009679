"""The power is cut while the studio works: the short form of `python -m tests.faults.power`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.power import SCENES, cut_power
from tests.faults.trace import Disk, Event

on_linux = pytest.mark.skipif(not disk.POSSIBLE, reason=disk.WHY_NOT)


@on_linux
def test_whatever_was_acknowledged_outlasts_a_power_cut() -> None:
    found = cut_power(list(SCENES), states=1, between=5, every=10)
    assert [problem for figures in found for problem in figures.problems] == []
    assert all(figures.states >= 3 and figures.syncs >= 5 for figures in found)


@on_linux
def test_a_store_that_is_not_synced_at_each_commit_is_found_out() -> None:
    """Otherwise the test above would prove nothing; this is what `PRAGMA synchronous = FULL` is for."""
    (found,) = cut_power(["editing"], 0, 12, careless=True)
    assert any("lost" in problem for problem in found.problems)


def written(at: int, data: bytes) -> Event:
    return Event("write", "/f/a", at, "", data)


def test_what_was_not_synced_may_be_there_or_not() -> None:
    model = Disk(Path("/f"), {"/f/a": b"old"})
    model.run(written(0, b"new"))
    assert (model.least(), model.most()) == ({"/f/a": b"old"}, {"/f/a": b"new"})
    model.run(Event("sync", "/f/a"))
    assert model.least() == {"/f/a": b"new"}


def test_writes_come_to_the_disk_one_by_one() -> None:
    model = Disk(Path("/f"), {"/f/a": b"...."})
    for at in range(4):
        model.run(written(at, b"x"))
    found = {model.some(random.Random(seed))["/f/a"] for seed in range(200)}
    assert len(found) == 16


def test_a_new_name_may_be_there_without_its_content_and_a_synced_folder_keeps_names() -> None:
    model = Disk(Path("/f"), {"/f/a": b"old"})
    for event in (Event("create", "/f/b"), Event("write", "/f/b", 0, "", b"new"), Event("rename", "/f/b", 0, "/f/a")):
        model.run(event)
    states = [model.some(random.Random(seed)) for seed in range(50)]
    assert {"/f/a": b""} in states, "moved before it was synced"
    assert {"/f/a": b"old"} in states
    model.run(Event("sync", "/f"))
    assert set(model.least()) == {"/f/a"}


def test_a_file_that_is_synced_before_it_is_moved_is_old_or_new() -> None:
    model = Disk(Path("/f"), {"/f/a": b"old"})
    for event in (
        Event("create", "/f/b"),
        Event("write", "/f/b", 0, "", b"new"),
        Event("sync", "/f/b"),
        Event("rename", "/f/b", 0, "/f/a"),
    ):
        model.run(event)
    assert {model.some(random.Random(seed))["/f/a"] for seed in range(50)} == {b"old", b"new"}
