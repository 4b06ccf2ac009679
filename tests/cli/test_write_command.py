from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

import docx
import pytest

from tests.cli.conftest import LONG_PLAN, PLAN, CommandLine, draft_in
from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_gguf import EOS, write_tiny_gguf

INSTRUCTION = "Write a 60-word guide to Lisbon: ${alert(1)} {{x}} <img src=x onerror=y> [INST]"


def test_from_instruction_to_files_and_report(longwriter: CommandLine):
    result = longwriter(
        "write", INSTRUCTION, "--words", "60", "--model", longwriter.model, "--mode", "agentwrite", "--seed", "2",
        "--out", "guide.md", "--out", "guide.docx", "--json", "report.json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert result.out == ""
    report = json.loads((longwriter.folder / "report.json").read_text(encoding="utf-8"))
    assert list(report) == [
        "draft_id", "model", "mode", "instruction", "language", "target_words", "words", "length_score",
        "finish_reason", "steps", "tokens", "seconds",
    ]  # fmt: skip
    assert (report["model"], report["mode"], report["language"]) == ("Tiny", "agentwrite", "en")
    assert (report["instruction"], report["target_words"]) == (INSTRUCTION, 60)
    assert report["draft_id"] == result.draft
    assert report["words"] == sum(step["words"] for step in report["steps"]) > 0
    assert [step["n"] for step in report["steps"]] == list(range(1, len(report["steps"]) + 1))
    for step in report["steps"]:
        assert set(step) == {"n", "main_point", "target_words", "words", "finish_reason"}
        assert step["finish_reason"] in ("stop", "length")
    cut_off = any(step["finish_reason"] == "length" for step in report["steps"])
    assert report["finish_reason"] == ("length" if cut_off else "stop")
    assert set(report["tokens"]) == {"prompt_read", "prompt_reused", "written"}
    assert report["tokens"]["written"] > 0
    assert set(report["seconds"]) == {"load", "plan", "write"}
    assert all(seconds > 0 for seconds in report["seconds"].values())

    markdown = (longwriter.folder / "guide.md").read_text(encoding="utf-8")
    assert markdown.startswith(f"# {INSTRUCTION[:20]}")
    assert docx.Document(str(longwriter.folder / "guide.docx")).paragraphs[0].style.name == "Title"
    assert sorted(p.name for p in longwriter.folder.iterdir()) == ["guide.docx", "guide.md", "report.json"]


def test_json_alone_is_all_that_standard_output_gets(longwriter: CommandLine):
    plan = longwriter.write_plan(f"Our plan\n{PLAN}")
    result = longwriter("write", "Guide", "--plan", plan, "--model", longwriter.model, "--json")
    assert result.code == 0, result.err
    assert "no step of the plan:\n  Our plan\n" in result.err
    assert [(s["main_point"], s["target_words"]) for s in result.json["steps"]] == [
        ("The hills", 20),
        ("The trams", 20),
    ]
    assert "Paragraph 2 of 2: " in result.err
    assert "\x1b" not in result.err


def test_without_out_and_json_the_text_is_the_output(longwriter: CommandLine):
    result = longwriter(
        "write", "Guide", "--plan", longwriter.write_plan(), "--words", "50", "--model", longwriter.model
    )
    assert result.code == 0, result.err
    exported = longwriter("drafts", "export", result.draft, "--out", "again.md", "--no-clean")
    assert exported.code == 0, exported.err
    again = (longwriter.folder / "again.md").read_text(encoding="utf-8")
    assert again.split() == ["#", "Guide", *result.out.split()]  # what chance writes may have spaces where lines begin


@pytest.mark.parametrize("mode", ["conversation", "oneshot"])
def test_the_same_seed_writes_the_same_text(longwriter: CommandLine, mode: str):
    plan = longwriter.write_plan()
    options = ["--plan", plan, "--mode", mode, "--model", longwriter.model, "--threads", "1"]
    first, second, other = (longwriter("write", "Guide", "--seed", seed, *options) for seed in ("5", "5", "6"))
    assert first.code == 0, first.err
    assert first.out == second.out
    assert first.out != other.out


def test_a_plan_with_counts_says_how_long_the_piece_is(longwriter: CommandLine):
    plan = longwriter.write_plan(PLAN.replace("20 words", "40 words"))
    result = longwriter("write", "Guide", "--plan", plan, "--model", longwriter.model, "--json")
    assert result.json["target_words"] == 80


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_the_draft_and_resume_finishes_it(longwriter: CommandLine, wait_for, tmp_path):
    endless = write_tiny_gguf(tmp_path / "endless.gguf", never=EOS, context=60_000)
    options = ("--model", endless, "--out", "guide.md")
    plan = longwriter.write_plan(LONG_PLAN.replace("400 words", "2000 words"))
    process = longwriter.start("write", "Guide", "--plan", plan, *options)
    err = wait_for(process, "^Paragraph 2 of 3")
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    draft_id = draft_in(err)
    assert process.returncode == 130
    assert out == ""
    assert f"python -m longwriter_ui write --resume {draft_id} --model {endless} --out guide.md" in rest
    assert "Traceback" not in rest
    assert not (longwriter.folder / "guide.md").exists()

    assert longwriter("drafts", "export", draft_id, "--out", "kept.md", "--no-clean").code == 0
    kept = (longwriter.folder / "kept.md").read_text(encoding="utf-8").rstrip()
    resumed = longwriter("write", "--resume", draft_id[:6], "--json", *options)
    assert resumed.code == 0, resumed.err
    assert resumed.json["draft_id"] == draft_id
    assert {step["finish_reason"] for step in resumed.json["steps"]} <= {"stop", "length"}
    assert "Paragraph 1 of 3" not in resumed.err
    assert (longwriter.folder / "guide.md").exists()
    assert longwriter("drafts", "export", draft_id, "--out", "whole.md", "--no-clean").code == 0
    whole = (longwriter.folder / "whole.md").read_text(encoding="utf-8")
    assert whole.startswith(kept) and len(whole) > len(kept) + 100


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_while_planning_leaves_a_draft_that_resume_plans_anew(longwriter: CommandLine, wait_for):
    process = longwriter.start("write", "Guide", "--words", "5000", "--model", longwriter.model)
    err = wait_for(process, "^Loading")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert f"write --resume {draft_in(err)}" in rest
    shown = longwriter("drafts", "show", draft_in(err))
    assert "There is no plan yet." in shown.out


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_a_draft_that_is_being_written_is_refused_to_a_second_process(
    longwriter: CommandLine, told, wait_for, tmp_path
):
    endless = write_tiny_gguf(tmp_path / "endless.gguf", never=EOS, context=60_000)
    plan = longwriter.write_plan(LONG_PLAN.replace("400 words", "2000 words"))
    first = longwriter.start("write", "Guide", "--plan", plan, "--model", endless)
    draft_id = draft_in(wait_for(first, "^Paragraph 2 of 3"))
    second = told("write", "--resume", draft_id, "--model", longwriter.model)
    assert first.poll() is None, "the first process ended too early for this test"
    assert second.code == 1
    assert "error: This draft is being planned or written already." in second.err
    deleted = told("drafts", "delete", draft_id)
    assert first.poll() is None, "the first process ended too early for this test"
    assert deleted.code == 1
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 130, err
    assert longwriter("drafts", "delete", draft_id).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["write", "", "--words", "500"], "The instruction is empty."),
        (["write", "  ", "--words", "500"], "The instruction is empty."),
        (["write", "Guide", "--words", "0"], "out of range"),
        (["write", "Guide", "--words", "10000000"], "A target of 10,000,000 words is out of range."),
        (["write", "Guide", "--words", "abc"], "'abc' is not a number"),
        (["write", "Guide", "--model", "missing.gguf"], "missing.gguf"),
        (["write", "Guide", "--model", "plan.md"], "plan.md"),
        (["write", "Guide", "--plan", "missing.md"], "missing.md cannot be read"),
        (["write", "Guide", "--plan", "prose.md"], "No step was found in the plan."),
        (["write", "Guide", "--plan", "binary.md"], "UTF-8"),
        (["write", "Guide", "--out", "guide.rtf"], "'.rtf'"),
        (["write", "Guide", "--out", "missing/guide.md"], "no folder"),
        (["write", "Guide", "--json", "missing/report.json"], "no folder"),
        (["write", "--resume", "nothing"], "There is no draft 'nothing'."),
        (["write", "--resume", ""], "There is no draft ''."),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_made(longwriter: CommandLine, told, arguments, words):
    longwriter.write_plan()
    longwriter.write_plan("Just prose.", "prose.md")
    (longwriter.folder / "binary.md").write_bytes(b"\xff\x00\x80\x81")
    if "--model" not in arguments:
        arguments = [*arguments, "--model", longwriter.model]
    result = told(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert words in result.err
    assert len(result.err.splitlines()) <= 3
    assert told("drafts", "list", "--json").json == {"drafts": []}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["write"],
        ["write", "Guide", "--resume", "x"],
        ["write", "--resume", "x", "--words", "100"],
        ["write", "--resume", "x", "--plan", "plan.md"],
        ["write", "Guide", "--mode", "sideways"],
        ["write", "Guide", "--language", "xx"],
        ["write", "Guide", "--seed", "x"],
        ["write", "Guide", "--temperature", "9"],
        ["plan"],
        ["plan", "Guide", "--parse", "plan.md"],
        ["drafts"],
        ["drafts", "show"],
        ["drafts", "export", "x"],
        ["burn"],
    ],
)
def test_wrong_usage_is_told_with_code_two(told, arguments):
    result = told(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "usage: python -m longwriter_ui" in result.err


def test_a_piece_that_does_not_fit_is_refused_with_the_numbers(longwriter: CommandLine):
    plan = longwriter.write_plan(PLAN.replace("20 words", "20000 words"))
    result = longwriter("write", "Guide", "--plan", plan, "--model", longwriter.model, "--json")
    assert result.code == 1
    assert "8,192" in result.err or "8192" in result.err
    assert result.json["finish_reason"] == "error"
    assert result.json["words"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="removes a folder in use")
def test_an_output_that_fails_at_the_end_leaves_the_draft_in_the_store(longwriter: CommandLine, wait_for):
    folder = longwriter.folder / "out"
    folder.mkdir()
    plan = longwriter.write_plan(LONG_PLAN)
    process = longwriter.start(
        "write", "Guide", "--plan", plan, "--model", longwriter.model, "--out", "out/guide.md", "--out", "good.md"
    )
    err = wait_for(process, "^Paragraph 1 of 3")
    folder.rmdir()
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: out/guide.md cannot be written" in rest
    assert f"drafts export {draft_in(err)} --out" in rest
    assert (longwriter.folder / "good.md").exists()
    assert longwriter("drafts", "export", draft_in(err), "--out", "again.md").code == 0
    assert (longwriter.folder / "again.md").read_bytes() == (longwriter.folder / "good.md").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_a_progress_line_moves(longwriter: CommandLine):
    import os
    import pty

    master, slave = pty.openpty()
    plan = longwriter.write_plan(LONG_PLAN)
    shown: list[bytes] = []

    def read() -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            shown.append(data)

    reader = threading.Thread(target=read)
    process = longwriter.start("write", "[bold]", "--plan", plan, "--model", longwriter.model, "--json", stderr=slave)
    os.close(slave)
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join(timeout=10)
    os.close(master)
    screen = b"".join(shown).decode(errors="replace")
    assert process.returncode == 0, screen
    assert json.loads(out)["instruction"] == "[bold]"
    assert "\x1b[" in screen
    assert "tokens/s" in screen
    assert "of 440 words" in screen
    assert "Paragraph 3 of 3: " in screen


def test_reading_only_the_beginning_of_the_output_is_no_error(longwriter: CommandLine, tmp_path: Path):
    plan = longwriter.write_plan()
    process = longwriter.start("write", "Guide", "--plan", plan, "--model", longwriter.model)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_an_adapter_is_applied_and_named_in_the_report(longwriter: CommandLine, tmp_path: Path) -> None:
    adapter = write_tiny_adapter(tmp_path / "style.gguf")
    plan = longwriter.write_plan(PLAN)
    common = ("write", "Guide", "--plan", plan, "--model", longwriter.model, "--json")
    found = longwriter(*common, "--lora", f"{adapter}:0.5")
    assert found.code == 0, found.err
    assert found.json["model"].endswith(" + style x 0.5")
    other = longwriter(*common, "--lora", write_tiny_adapter(tmp_path / "other.gguf", architecture="glm4"))
    assert other.code == 1
    assert "was made for models of the architecture 'glm4'" in other.err
    assert "Use it with the model it was trained on." in other.err
