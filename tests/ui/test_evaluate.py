"""What the Evaluate tab's script calls, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.paths import DEMO_MODEL, home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.page import Page
from tests.ui.test_page import fetch, post

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def address(request: pytest.FixtureRequest, studio: Studio, one_app: None) -> Iterator[str]:
    page = Page(studio, home())
    served = page.launch(server_name=request.param)
    yield served.replace("0.0.0.0", "127.0.0.1")
    page.close()


def call(address: str, name: str, **body: object) -> dict[str, Any]:
    return post(address, "lw-evaluate", name, body)


def settle(address: str) -> dict[str, Any]:
    for _ in range(400):
        answer = call(address, "state")
        if not (answer["activity"] and answer["activity"]["running"]):
            return answer
        time.sleep(0.05)
    pytest.fail("the evaluation never ended")


def test_a_file_of_prompts_is_run_and_reported(address: str):
    text = "\n".join(json.dumps({"prompt": f"{HOSTILE} {n}", "type": HOSTILE, "length": 100}) for n in range(2))
    options = {"do": "start", "run": "mine", "prompts": "file", "file": "p.jsonl", "mode": "conversation", "seed": "4"}
    assert "refused" not in call(address, "act", **options, text=text)
    answer = settle(address)
    [run] = answer["runs"]
    assert (run["name"], run["done"], run["of"], run["seed"], run["problems"]) == ("mine", 2, 2, 4, 0)
    report = call(address, "compare", runs=["mine"])
    assert "<script" not in report["html"] and "<img src=x" not in report["html"]
    status, page = fetch(address + str(report["href"]).replace(" ", "%20"))
    assert status == 200
    assert page == report["html"]


def test_what_cannot_be_done_is_refused_and_told(address: str):
    start = {"do": "start", "run": "r", "prompts": "own", "mode": "conversation", "seed": ""}
    for body in (
        {},
        {"do": "format the disk"},
        {**start, "mode": "psychic"},
        {**start, "prompts": "/etc/passwd"},
        {**start, "prompts": "file", "text": None},
        {**start, "prompts": "file", "text": "not json\n{}"},
        {**start, "seed": "-1"},
        {**start, "run": "../.."},
        {"do": "resume", "run": "../r"},
        {"do": "judge", "run": ".."},
        {"do": "judge_draft", "draft": "nobody"},
    ):
        answer = call(address, "act", **body)
        assert answer["refused"]["message"], body
        assert answer["runs"] == []
    assert "refused" in call(address, "score", draft="nobody")
    for names in ([], ["../x"], "x", None):
        assert "refused" in call(address, "compare", runs=names)


def test_a_problem_of_a_file_names_the_file_of_the_person(address: str):
    body = {"do": "start", "run": "r", "prompts": "file", "file": "mine.jsonl", "mode": "conversation", "text": "{}"}
    assert call(address, "act", **body)["refused"]["message"] == 'Prompt 1 of mine.jsonl has no text in "prompt".'


def test_models_that_are_here_may_judge_and_no_other_file(address: str, studio: Studio):
    answer = call(address, "state")
    assert {"file": str(DEMO_MODEL), "name": DEMO_MODEL.name} in answer["judges"]
    assert answer["name"] == "Scripted"
    draft_id = studio.create(Brief.create("Write about boats", 500), seed=1).id
    for job in (studio.plan, studio.write):
        job(draft_id).wait(20)
    call(address, "act", do="judge_draft", draft=draft_id, file="/etc/passwd")
    assert "not here any more" in settle(address)["activity"]["failure"]["message"]


def test_the_score_of_a_piece(address: str, studio: Studio):
    draft_id = studio.create(Brief.create("Write about boats", 500), seed=1).id
    for job in (studio.plan, studio.write):
        job(draft_id).wait(20)
    answer = call(address, "score", draft=draft_id)
    assert (answer["words"], answer["target"], answer["score"]) == (500, 500, 100)
    assert len(answer["quarters"]) == 4
    assert answer["judged"] == []


@pytest.mark.parametrize("address", ["0.0.0.0"], indirect=True)
def test_a_page_that_others_reach_calls_no_server(address: str, studio: Studio):
    assert call(address, "state")["local"] is False
    draft_id = studio.create(Brief.create("Write about boats", 500), seed=1).id
    for job in (studio.plan, studio.write):
        job(draft_id).wait(20)
    call(address, "act", do="judge_draft", draft=draft_id, server="http://127.0.0.1:9/v1", judge="m")
    assert "no servers but" in settle(address)["activity"]["failure"]["message"]
