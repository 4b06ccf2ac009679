"""How many threads compute batches of a tiny model."""

from __future__ import annotations

from longwriter_ui.engine._threads import FastestThreads


def run(choice: FastestThreads, seconds: dict[int, float], batches: int) -> list[int]:
    """The threads of so many batches, on a machine where they take this long."""
    used = []
    for _ in range(batches):
        used.append(choice.threads)
        choice.took(seconds[choice.threads])
    return used


def test_on_a_quiet_machine_it_comes_to_use_more() -> None:
    used = run(FastestThreads(1, 2), {1: 1.0, 2: 0.6}, 1000)
    assert used.count(2) > 900


def test_on_a_busy_machine_it_hardly_tries_them() -> None:
    used = run(FastestThreads(1, 4), {1: 1.0, 4: 100.0}, 5000)
    assert 0 < used.count(4) < 12


def test_it_notices_when_the_machine_changes() -> None:
    choice = FastestThreads(1, 2)
    run(choice, {1: 1.0, 2: 0.6}, 100)
    assert run(choice, {1: 1.0, 2: 50.0}, 2000)[-20:] == [1] * 20
    assert run(choice, {1: 1.0, 2: 0.6}, 4000)[-20:] == [2] * 20


def test_where_there_is_no_choice_there_is_no_trial() -> None:
    assert set(run(FastestThreads(3, 3), {3: 1.0}, 100)) == {3}
