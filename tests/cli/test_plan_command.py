from __future__ import annotations

import signal
import sys

import pytest

from longwriter_ui.plan import parse_plan
from tests.cli.conftest import PLAN, CommandLine


def test_parse_gives_the_steps_as_json(longwriter: CommandLine):
    plan = longwriter.write_plan(
        "Here it is:\n\n**Paragraph 1** - Main Point: The hills - Word Count: 300-400 words\n\n"
        "Paragraph 2: The trams\n\nEnjoy!"
    )
    result = longwriter("plan", "--parse", plan, "--json")
    assert result.code == 0, result.err
    assert result.json == {
        "steps": [{"n": 1, "main_point": "The hills", "words": 350}, {"n": 2, "main_point": "The trams", "words": None}]
    }
    assert "no step of the plan:\n  Here it is:\n  Enjoy!" in result.err


def test_parse_without_json_gives_tidy_lines(longwriter: CommandLine):
    plan = longwriter.write_plan("第一段：七座山丘（约300字）\n第二段：电车")
    assert (
        longwriter("plan", "--parse", plan).out == "第1段 - 主要观点：七座山丘 - 字数：300字\n第2段 - 主要观点：电车\n"
    )
    result = longwriter("plan", "--parse", plan, "--out", "tidy.md", "--json", "steps.json")
    assert (result.code, result.out) == (0, "")
    assert (longwriter.folder / "tidy.md").read_text(encoding="utf-8").count("\n") == 2
    assert '"七座山丘"' in (longwriter.folder / "steps.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_plans_saved_by_windows_are_read(longwriter: CommandLine, told, encoding):
    path = longwriter.folder / "plan.md"
    path.write_text(PLAN.replace("hills", "山丘").replace("\n", "\r\n"), encoding=encoding)
    assert [s["main_point"] for s in told("plan", "--parse", path, "--json").json["steps"]] == [
        "The 山丘",
        "The trams",
    ]


@pytest.mark.parametrize(
    ("name", "words"), [("missing.md", "cannot be read"), ("prose.md", "No step was found"), (".", "cannot be read")]
)
def test_a_plan_that_cannot_be_parsed_is_told(longwriter: CommandLine, told, name, words):
    longwriter.write_plan("Just prose.", "prose.md")
    result = told("plan", "--parse", name, "--json")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert words in result.err


def test_a_plan_is_made_edited_and_written_from(longwriter: CommandLine):
    made = longwriter(
        "plan", "Write about Lisbon", "--words", "60", "--seed", "2", "--model", longwriter.model, "--out", "plan.md"
    )
    assert made.code == 0, made.err
    assert made.out == ""
    text = (longwriter.folder / "plan.md").read_text(encoding="utf-8")
    assert all(step.words for step in parse_plan(text).steps)
    assert longwriter("plan", "--parse", "plan.md", "--json").code == 0

    edited = longwriter.write_plan(PLAN)
    written = longwriter("write", "Write about Lisbon", "--plan", edited, "--model", longwriter.model, "--json")
    assert [step["main_point"] for step in written.json["steps"]] == ["The hills", "The trams"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_while_planning_leaves_nothing(longwriter: CommandLine, wait_for):
    process = longwriter.start("plan", "Write about Lisbon", "--words", "5000", "--model", longwriter.model)
    wait_for(process, "^Loading")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert longwriter("drafts", "list", "--json").json == {"drafts": []}
