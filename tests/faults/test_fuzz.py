"""Whatever a file or a message holds: the short form of `python -m tests.faults.fuzz`, and all that it ever found."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.faults.fuzz import NAMES, findings, mutations
from tests.faults.targets import TARGETS


@pytest.mark.parametrize("name", NAMES)
def test_good_inputs_pass(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", NAMES)
def test_no_mutated_input_fails(name: str) -> None:
    for data in islice(mutations(TARGETS[name].seeds, seed=7), 400):
        TARGETS[name].run(data)


@pytest.mark.parametrize(("name", "path"), [(name, path) for name in NAMES for path in findings(name)])
def test_what_once_failed_does_not_fail_again(name: str, path: object) -> None:
    TARGETS[name].run(path.read_bytes())  # type: ignore[attr-defined]
