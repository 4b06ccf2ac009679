"""`eval` as a person runs it, on a model that llama.cpp really runs."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from longwriter_ui.jsonl import dump_lines, read_lines
from tests.cli.conftest import CommandLine
from tests.tiny_gguf import write_tiny_gguf

PROMPTS = [
    {"prompt": "Write 60 words about hills", "type": "Popular Science", "length": 60},
    {"prompt": "写一篇80字的文章，讲讲港口", "type": "News Report", "length": 80},
    {"prompt": "Write 50 words about trams", "type": "Popular Science", "length": 50},
]


@pytest.fixture
def prompts(longwriter: CommandLine) -> Path:
    path = longwriter.folder / "prompts.jsonl"
    path.write_text("\n".join(json.dumps(prompt) for prompt in PROMPTS), encoding="utf-8")
    return path


def test_run_length_and_report(longwriter: CommandLine, prompts: Path):
    common = ("eval", "run", "--prompts", prompts, "--model", longwriter.model, "--seed", "3", "--out", "RUN")
    result = longwriter(*common)
    assert result.code == 0, result.err
    lines = read_lines(longwriter.folder / "RUN" / "pred.jsonl")
    assert [(line["prompt"], line["type"], line["length"]) for line in lines] == [
        (p["prompt"], p["type"], p["length"]) for p in PROMPTS
    ]
    assert all(line["response_length"] > 0 for line in lines)
    manifest = json.loads((longwriter.folder / "RUN" / "run.json").read_text(encoding="utf-8"))
    assert (manifest["model"], manifest["mode"], manifest["seed"]) == ("Tiny", "conversation", 3)

    length = longwriter("eval", "length", "RUN", "--json")
    assert length.code == 0, length.err
    assert [piece["words"] for piece in length.json["pieces"]] == [line["response_length"] for line in lines]
    assert [group["name"] for group in length.json["groups"]] == ["All", "[0, 500)", "en", "zh"]
    assert f"Length score {length.json['groups'][0]['length_score']:.2f} (" in result.err

    again = longwriter(*common[:7], "4", *common[8:])
    assert again.code == 1
    assert "Seed of this run is 3" in again.err

    report = longwriter("eval", "report", "RUN", "--out", "out")
    assert report.code == 0, report.err
    refused = longwriter("eval", "report", "RUN", "--out", prompts)
    assert refused.code == 1
    assert "cannot be made" in refused.err
    assert sorted(p.name for p in (longwriter.folder / "out").iterdir()) == [
        "lengths.png", "lengths.svg", "repetition.png", "repetition.svg", "report.html", "report.md",
    ]  # fmt: skip


def test_the_ruler_tells_the_longest_output(longwriter: CommandLine):
    result = longwriter(
        "eval", "ruler", "--model", longwriter.model, "--lengths", "50,80", "--languages", "en", "--out", "RUN"
    )
    assert result.code == 0, result.err
    lines = read_lines(longwriter.folder / "RUN" / "pred.jsonl")
    assert len(lines) == 8
    longest = max(line["response_length"] for line in lines)
    assert f"Longest output: {longest:,} words" in result.out


@pytest.mark.skipif(sys.platform == "win32", reason="kills the process")
@pytest.mark.parametrize("mode", ["conversation", "direct"])
def test_a_killed_run_goes_on_and_does_nothing_twice(longwriter: CommandLine, prompts: Path, wait_for, mode: str):
    many = [{**PROMPTS[n % 3], "prompt": f"{PROMPTS[n % 3]['prompt']}, number {n}"} for n in range(8)]
    prompts.write_text("\n".join(json.dumps(prompt) for prompt in many), encoding="utf-8")
    command = ("eval", "run", "--prompts", prompts, "--mode", mode, "--model", longwriter.model, "--out", "RUN")
    process = longwriter.start(*command)
    wait_for(process, "^Prompt 4 of 8: ")
    time.sleep(0.02)
    process.kill()
    process.communicate()
    path = longwriter.folder / "RUN" / "pred.jsonl"
    before = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"prompt": "torn')  # as a machine that loses power leaves it

    result = longwriter(*command)
    assert result.code == 0, result.err
    assert path.read_bytes().startswith(before)
    assert [line["n"] for line in read_lines(path)] == list(range(8))
    assert "Prompt 1 of 8" not in result.err
    assert longwriter("drafts", "list").out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_is_written(longwriter: CommandLine, prompts: Path, wait_for, tmp_path: Path):
    # The second piece cannot be over before the signal comes: the model may end it at its length at the earliest.
    model = write_tiny_gguf(tmp_path / "roomy.gguf", context=60_000)
    long = {**PROMPTS[0], "length": 1500}
    prompts.write_text("\n".join(json.dumps(prompt) for prompt in (PROMPTS[0], long)), encoding="utf-8")
    command = ("eval", "run", "--prompts", prompts, "--model", model, "--out", "RUN")
    process = longwriter.start(*command)
    wait_for(process, "^Prompt 2 of 2: ")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "The same command goes on" in err
    path = longwriter.folder / "RUN" / "pred.jsonl"
    assert [line["n"] for line in read_lines(path)] == [0]
    result = longwriter(*command)
    assert result.code == 0, result.err
    assert [line["n"] for line in read_lines(path)] == [0, 1]


def test_wrong_usage_is_told(longwriter: CommandLine, prompts: Path):
    assert longwriter("eval", "run", "--out", "RUN", "--mode", "psychic").code == 2
    assert longwriter("eval", "length", "nowhere").code == 2
    missing = longwriter("eval", "run", "--prompts", "none.jsonl", "--out", "RUN", "--model", longwriter.model)
    assert missing.code == 1
    assert "no file none.jsonl" in missing.err
    prompts.write_text("\n".join(json.dumps({**prompt, "length": 49}) for prompt in PROMPTS[:1]), encoding="utf-8")
    short = longwriter("eval", "run", "--prompts", prompts, "--out", "RUN", "--model", longwriter.model)
    assert short.code == 1
    assert f"Prompt 1 of {prompts} cannot be planned.\nA target of 49 words is out of range. Choose" in short.err
    assert not (longwriter.folder / "RUN").exists()


def test_a_local_model_judges_a_run(longwriter: CommandLine, prompts: Path):
    prompts.write_text(json.dumps(PROMPTS[0]), encoding="utf-8")
    assert longwriter("eval", "run", "--prompts", prompts, "--model", longwriter.model, "--out", "RUN").code == 0
    result = longwriter("eval", "quality", "RUN", "--judge", longwriter.model)
    assert result.code == 0, result.err
    assert "Judge: Tiny" in result.out
    assert "Pieces judged: 1, malformed answers only: 0, failed: 0" in result.out
    [path] = (longwriter.folder / "RUN").glob("quality.*")
    about, piece = read_lines(path)
    older = {"judge": {**about["judge"], "rubric": "older"}}  # the same judge, asked in other words
    path.with_name("quality.A.jsonl").write_bytes(dump_lines([older, piece, {**piece, "n": 1}]))
    again = longwriter("eval", "quality", "RUN", "--judge", longwriter.model)
    assert "Piece" not in again.err
    assert again.out == result.out
    report = longwriter("eval", "report", "RUN")
    assert report.code == 0, report.err
    assert "judged by Tiny" in (longwriter.folder / "RUN" / "report" / "report.md").read_text(encoding="utf-8")
