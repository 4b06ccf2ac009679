from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.weights.speed import Speeds


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"x" * 10)
    return path


def test_the_last_measurement_is_kept_over_runs(tmp_path: Path, model: Path) -> None:
    assert Speeds(tmp_path / "speeds.json").of(model) is None
    Speeds(tmp_path / "speeds.json").record(model, 3.4)
    Speeds(tmp_path / "speeds.json").record(model, 3.6)
    assert Speeds(tmp_path / "speeds.json").of(model) == 3.6


def test_another_file_of_the_same_name_was_not_measured(tmp_path: Path, model: Path) -> None:
    Speeds(tmp_path / "speeds.json").record(model, 3.4)
    model.write_bytes(b"x" * 11)
    assert Speeds(tmp_path / "speeds.json").of(model) is None


def test_nothing_is_not_a_speed(tmp_path: Path, model: Path) -> None:
    Speeds(tmp_path / "speeds.json").record(model, 0.0)
    assert not (tmp_path / "speeds.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"m.gguf:10": "fast"}'])
def test_a_damaged_file_is_as_none(tmp_path: Path, model: Path, text: str) -> None:
    path = tmp_path / "speeds.json"
    path.write_text(text)
    assert Speeds(path).of(model) is None
    Speeds(path).record(model, 2.0)
    assert Speeds(path).of(model) == 2.0


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path, model: Path) -> None:
    Speeds(model / "speeds.json").record(model, 2.0)
    assert Speeds(model / "speeds.json").of(model) is None
