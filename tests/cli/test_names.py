"""Names that no file can have are wrong usage like any other, and end in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.cli import main

LONG = "n" * 300  # bytes; a name has at most 255 on every usual file system
NOBODY = "~nobody-at-all/x.gguf"


def run(command: str) -> object:
    try:
        return main(command.split(), build_studio)
    except SystemExit as wrong_usage:
        return wrong_usage.code


@pytest.mark.parametrize("command", ["eval length", "eval report", "dataset check", "drafts import"])
def test_a_name_that_is_too_long_is_told(capsys: pytest.CaptureFixture[str], command: str):
    assert run(f"{command} {LONG}") in (1, 2)
    assert f"{LONG} cannot be read: " in capsys.readouterr().err


@pytest.mark.parametrize("name", [LONG, f"./{LONG}.gguf", "./loop.gguf", NOBODY])
def test_a_model_that_no_path_leads_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
):
    monkeypatch.chdir(tmp_path)
    if name == "./loop.gguf":
        Path(name).symlink_to("loop.gguf")
    for command in ("models use", "models verify", "models add", "models remove", "write x --model"):
        assert run(f"{command} {name}") == 1
        assert capsys.readouterr().err.startswith("error: ")


def test_a_place_that_nothing_can_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("loop.md").symlink_to("loop.md")
    assert run("drafts export a --out ./loop.md") == 1
    assert "loop.md cannot be written: " in capsys.readouterr().err
    Path("in.jsonl").write_text('{"prompt": "Write"}', encoding="utf-8")
    assert run(f"dataset build --instructions in.jsonl --out {LONG}") == 1
    assert f"{LONG} cannot be used: " in capsys.readouterr().err
    assert run(f"space push somebody/studio --folder {LONG}") == 1
    assert f"{LONG} is no Space" in capsys.readouterr().err
