"""`dataset` as a person runs it, on a model that llama.cpp really runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from longwriter_ui.jsonl import read_lines
from tests.cli.conftest import CommandLine


@pytest.fixture
def instructions(longwriter: CommandLine) -> Path:
    path = longwriter.folder / "instructions.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"About port {n}", "length": 60}) + "\n" for n in range(6)))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="kills the process")
def test_a_killed_build_goes_on_and_does_nothing_twice(longwriter: CommandLine, instructions: Path, wait_for):
    command = (
        "dataset", "build", "--instructions", instructions, "--out", "DATA", "--model", longwriter.model,
        "--least-words", "1", "--least-score", "0", "--seed", "2",
    )  # fmt: skip
    process = longwriter.start(*command)
    wait_for(process, "^Piece 3 ")
    process.kill()
    process.communicate()
    work = longwriter.folder / "DATA" / "work.jsonl"
    before = work.read_bytes()
    with work.open("ab") as file:
        file.write(b'{"n": 5, "prompt": "torn')

    result = longwriter(*command)
    assert result.code == 0, result.err
    assert work.read_bytes().startswith(before)
    assert [line["n"] for line in read_lines(work)] == list(range(6))
    assert "Piece 1 (" not in result.err
    manifest = json.loads((longwriter.folder / "DATA" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["done"] == 6
    assert manifest["kept"] + sum(manifest["dropped"].values()) == 6
    assert longwriter("drafts", "list").out == ""


def test_two_models_at_once(longwriter: CommandLine, instructions: Path):
    result = longwriter(
        "dataset", "build", "--instructions", instructions, "--out", "DATA", "--model", longwriter.model, "--model",
        longwriter.model, "--least-words", "1", "--least-score", "0", "--threads", "1",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert sorted(line["n"] for line in read_lines(longwriter.folder / "DATA" / "work.jsonl")) == list(range(6))


def test_drafts_that_are_named_become_data_and_are_checked(longwriter: CommandLine):
    plan = longwriter.write_plan()
    ids = [
        longwriter("write", "Guide", "--plan", plan, "--model", longwriter.model, "--out", "x.md").draft for _ in "ab"
    ]
    result = longwriter("dataset", "from-drafts", "--ids", ids[0], "--out", "mine.jsonl")
    assert result.code == 0, result.err
    [line] = read_lines(longwriter.folder / "mine.jsonl")
    assert line["messages"][0] == {"role": "user", "content": "Guide"}
    checked = longwriter("dataset", "check", "mine.jsonl")
    assert checked.code == 0, checked.err
    assert "Lines of messages: 1, 0 not well formed, 0 repeated" in checked.out
    assert longwriter("dataset", "check", "mine.jsonl", "--json").json["problems"] == []

    none = longwriter("dataset", "from-drafts", "--ids", *ids, "--out", "a.jsonl", "--preferences", "b.jsonl")
    assert none.code == 1
    assert "passed over" in none.err
    assert not (longwriter.folder / "a.jsonl").exists()


def test_a_broken_file_is_told_with_its_lines(longwriter: CommandLine):
    (longwriter.folder / "bad.jsonl").write_text('{"messages": []}\n')
    result = longwriter("dataset", "check", "bad.jsonl")
    assert result.code == 1
    assert "Line 1: " in result.err
    assert "words" not in result.out  # nothing to draw a histogram of
