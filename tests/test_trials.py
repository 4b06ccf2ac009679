"""Evaluation in the background: runs, judging and scores, one thing at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import Proceed, Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import BriefError, EngineError, JudgeError, StoreError
from longwriter_ui.evaluate.length import length_score
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.judges import ModelJudge
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from longwriter_ui.trials import Trials
from tests.script import author

PROMPTS = tuple(Prompt(f"Write about boats, part {n}", "x", 200, "en") for n in range(3))
GOOD = json.dumps(dict.fromkeys(DIMENSIONS, 4))


def author_and_judge(request: Request) -> str:
    return GOOD if "strict and fair reader" in request.conversation[0].text else author(request)


@pytest.fixture
def start(open_studio: Callable[..., Studio], tmp_path: Path) -> Iterator[Callable[..., tuple[Studio, Trials]]]:
    opened = []

    def begin(engine: ScriptedEngine | None = None) -> tuple[Studio, Trials]:
        studio = open_studio(engine or ScriptedEngine(author_and_judge))
        opened.append(Trials(studio, tmp_path / "runs"))
        return studio, opened[-1]

    yield begin
    for trials in opened:
        trials.close()


def settle(trials: Trials) -> None:
    end = time.monotonic() + 20
    while trials.activity is not None and trials.activity.running:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_is_written_judged_and_listed(start):
    studio, trials = start()
    trials.start("My run: 1", PROMPTS, "own", "conversation", 7)
    settle(trials)
    assert trials.activity.failure is None
    assert (trials.activity.done, trials.activity.of) == (3, 3)
    [result] = trials.results()
    assert (result.name, len(result.pieces), result.manifest["seed"]) == ("My-run-1", 3, 7)

    trials.judge("My-run-1", lambda: ModelJudge(studio))
    settle(trials)
    [judged] = trials.results()[0].judged
    assert judged.total is not None and judged.total.mean == 75


def test_one_thing_at_a_time_and_it_can_be_stopped_and_gone_on_with(start):
    _, trials = start(ScriptedEngine(author_and_judge, words_per_second=150))
    trials.start("run", PROMPTS, "own", "conversation", 0)
    with pytest.raises(StoreError, match="going on already"):
        trials.start("other", PROMPTS, "own", "conversation", 0)
    while trials.activity.words == 0:
        time.sleep(0.01)
    trials.stop()
    assert trials.activity.stopping
    settle(trials)
    assert len(trials.results()[0].pieces) < 3

    _, again = start()
    again.resume("run")
    settle(again)
    assert len(again.results()[0].pieces) == 3


def test_names_are_checked(start):
    _, trials = start()
    for name in ("", "...", "/"):
        with pytest.raises(BriefError, match="no name"):
            trials.start(name, PROMPTS, "own", "conversation", 0)
    trials.start("a", PROMPTS[:1], "own", "conversation", 0)
    settle(trials)
    with pytest.raises(StoreError, match="called a already"):
        trials.start("a", PROMPTS[:1], "own", "conversation", 0)
    for name in ("", "..", "../a", "none", "/etc"):
        with pytest.raises(StoreError, match="no such run"):
            trials.run(name)


def test_a_prompt_that_cannot_be_planned_is_refused_and_no_run_is_made(start):
    _, trials = start()
    with pytest.raises(StoreError, match=r"Prompt 2 of my\.jsonl cannot be planned"):
        trials.start("short", (PROMPTS[0], Prompt("Write 10 words", "x", 10, "en")), "my.jsonl", "conversation", 0)
    assert trials.results() == []


def test_what_goes_wrong_is_told_and_the_next_thing_can_begin(start):
    studio, trials = start()
    trials.start("run", PROMPTS[:1], "own", "conversation", 0)
    settle(trials)

    def broken() -> ModelJudge:
        raise EngineError("No judge here.")

    trials.judge("run", broken)
    settle(trials)
    assert trials.activity.failure is not None and trials.activity.failure.message == "No judge here."
    trials.judge("run", lambda: ModelJudge(studio))
    settle(trials)
    assert trials.activity.failure is None


def test_a_piece_is_scored_exactly_and_judged_with_the_judge_named(start):
    studio, trials = start()
    draft_id = studio.create(Brief.create("Write about boats", 500), seed=1).id
    with pytest.raises(JudgeError, match="no text"):
        trials.judge_draft(draft_id, lambda: ModelJudge(studio))
    for job in (studio.plan, studio.write):
        job(draft_id).wait(20)
    trials.judge_draft(draft_id, lambda: ModelJudge(studio))
    settle(trials)
    found = trials.score(draft_id)
    assert found.score == length_score(500, studio.draft(draft_id).words)
    [(judge, judgement)] = found.judged
    assert (judge["name"], judgement.total) == ("Scripted", 75)

    key = studio.draft(draft_id).paragraphs[0].key
    studio.edit(draft_id, None, {"do": "edit_text", "key": key, "text": "Something else."})
    assert trials.score(draft_id).judged == ()  # that was said of another text


def test_another_model_judges_in_place_of_the_one_in_use_which_comes_back(tmp_path: Path):
    engines = {
        "writer": ScriptedEngine(author, name="Writer"),
        "judge": ScriptedEngine(lambda _: GOOD, name="Judge"),
    }
    opened = []

    class Opener:
        def check(self, path: Path) -> ModelChoice:
            return ModelChoice(path, engines[path.name].info.name, demonstration=False)

        def open(self, path: Path, proceed: Proceed | None = None) -> ScriptedEngine:
            opened.append(path.name)
            return engines[path.name]

    with closing(Studio(home(), EngineHost(Opener(), Path("writer")))) as studio:
        trials = Trials(studio, tmp_path / "runs")
        trials.start("run", PROMPTS[:2], "own", "conversation", 0)
        settle(trials)
        trials.judge("run", lambda: ModelJudge(studio, Path("judge")))
        settle(trials)
        assert trials.activity.failure is None
        assert opened == ["writer", "judge"]  # once, however many pieces it judges
        [judged] = trials.results()[0].judged
        assert (judged.judge["name"], judged.judge["file"]) == ("Judge", "judge")
        assert judged.total is not None and judged.total.mean == 75
        assert studio.model is not None and studio.model.name == "Writer"
        trials.start("next", PROMPTS[:1], "own", "conversation", 0)
        settle(trials)
        assert opened == ["writer", "judge", "writer"]
        assert trials.results()[0].manifest["model"] == "Writer"
        trials.close()


def test_a_name_that_no_run_has_is_proposed(start):
    _, trials = start()
    assert (trials.free_name("My model (Q4)"), trials.free_name("")) == ("My-model-Q4", "run")
    trials.start("run", PROMPTS[:1], "own", "conversation", 0)
    assert trials.free_name("") == "run-2"
    settle(trials)


def test_a_run_that_cannot_be_read_does_not_hide_the_others(start, tmp_path: Path):
    _, trials = start()
    trials.start("good", PROMPTS[:1], "own", "conversation", 0)
    settle(trials)
    (tmp_path / "runs" / "bad").mkdir()
    (tmp_path / "runs" / "bad" / "run.json").write_text("{")
    assert [result.name for result in trials.results()] == ["good"]
