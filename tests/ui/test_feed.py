"""News of a draft line by line: each line holds what is new, and all lines together what there is."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio

from longwriter_ui.brief import Brief
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from longwriter_ui.ui.board import news
from longwriter_ui.ui.feed import Feed, difference, with_figures_of
from tests.script import ScriptedOpener, author

JOB = {"kind": "write", "phase": "writing", "key": "a", "words": 10, "seconds_left": 90}


def an_answer(**fields: Any) -> dict[str, Any]:
    answer = {"draft": "d", "rev": 7, "totals": {"words": 10, "planned": 200}, "job": dict(JOB), "error": None}
    return {**answer, **fields}


def test_nothing_new_is_an_empty_line() -> None:
    assert difference(an_answer(), an_answer()) == {}


def test_text_of_the_paragraph_being_written_is_all_that_its_line_holds() -> None:
    fresh = an_answer(rev=8, deltas=[["a", "and "], ["a", "then"]])
    assert difference(an_answer(), fresh) == {"rev": 8, "text": "and then"}


def test_text_of_several_paragraphs_names_each() -> None:
    fresh = an_answer(deltas=[["a", "x"], ["b", "y"], ["a", "z"]])
    assert difference(an_answer(), fresh) == {"deltas": [["a", "xz"], ["b", "y"]]}


def test_figures_wait_but_a_new_paragraph_does_not() -> None:
    running = an_answer(job={**JOB, "words": 14, "seconds_left": 88}, totals={"words": 14, "planned": 200})
    assert with_figures_of(an_answer(), running) == an_answer()
    other = an_answer(job={**JOB, "key": "b", "words": 14})
    assert with_figures_of(an_answer(), other) == other
    assert difference(an_answer(), other) == {"job": {"key": "b", "words": 14}}


def test_the_end_of_a_job_is_told() -> None:
    assert difference(an_answer(), an_answer(job=None)) == {"job": None}


def test_lines_add_up_to_the_draft() -> None:
    studio = Studio(home(), EngineHost(ScriptedOpener(ScriptedEngine(author, words_per_second=300)), home().root))
    draft = studio.create(Brief.create("Write about rain.", 250))
    studio.plan(draft.id).wait(20)
    studio.write(draft.id)
    feed = Feed(lambda body: news(studio, body))

    async def lines() -> list[dict[str, Any]]:
        response = feed.respond({"draft": draft.id, "rev": 0})
        return [json.loads(line) async for line in response.body_iterator]

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: the browser tests keep a loop running in this one
        heard = pool.submit(anyio.run, lines).result()
    assert len(heard) > 2
    job: dict[str, Any] | None = {}
    texts: dict[str, str] = {}
    for line in heard:
        if "job" in line:
            job = line["job"] and {**(job or {}), **line["job"]}
        for card in line.get("cards", ()):
            texts[card["key"]] = card["text"]
        if "text" in line:
            assert job is not None
            texts[job["key"]] += line["text"]
    assert job is None
    assert texts == {p.key: p.text for p in studio.draft(draft.id).paragraphs}
    studio.close()
