"""Instructions become plans, pieces and training data; nothing is done twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.crew import together
from longwriter_ui.dataset.build import Build, Recipe, load_instructions
from longwriter_ui.dataset.check import check
from longwriter_ui.dataset.filters import Filter
from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EngineError, NotEnoughMemory, NotLoaded, StoreError
from longwriter_ui.jsonl import read_lines
from longwriter_ui.plan import parse_plan
from longwriter_ui.studio import Studio
from tests.script import ScriptedOpener, author

INSTRUCTIONS = [{"prompt": f"Write about harbour {n}", "length": 500 + 100 * n} for n in range(5)]
RECIPE = Recipe("conversation", 3, Filter(least_words=400), "gentle", {"temperature": 0.5, "top_p": 0.8})
OpenStudio = Callable[..., Studio]
GO_ON = threading.Event()


def build(folder: Path, studios: list[Studio], recipe: Recipe = RECIPE) -> list[int]:
    return [built.line["n"] for built in Build(folder, INSTRUCTIONS, recipe).run(studios, GO_ON)]


def short_for_two(request: Request) -> str:
    """Far too little for harbour 2, labels for harbour 3, an error for harbour 4."""
    about = request.conversation[0].text
    text = author(request)
    if request.grammar is not None or "Paragraph" not in request.conversation[-1].text:
        return text
    if "harbour 2" in about:
        return " ".join(text.split()[:70]) + "."
    if "harbour 3" in about:
        return f"Paragraph 1: {text}"
    if "harbour 4" in about:
        raise EngineError("Out of order.")
    return text


def test_what_passes_the_filter_becomes_training_data(tmp_path: Path, open_studio: OpenStudio):
    studio = open_studio(ScriptedEngine(short_for_two))
    recipe = replace(RECIPE, filter=Filter(least_words=200))
    assert build(tmp_path, [studio], recipe) == [0, 1, 2, 3, 4]
    work = read_lines(tmp_path / "work.jsonl")
    assert [line["reason"] for line in work] == [
        "",
        "",
        "length score below 80",
        "labels of the plan in the text",
        "failed",
    ]
    assert work[4]["problem"] == "Out of order."
    for line in work[:4]:
        assert len(parse_plan(line["plan"]).steps) == len(line["write"]) == 5
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["instructions"], manifest["done"], manifest["kept"]) == (5, 5, 2)
    assert sum(manifest["dropped"].values()) == 3
    assert (manifest["seed"], manifest["models"]) == (3, ["Scripted"])
    train = read_lines(tmp_path / "train.jsonl")
    assert [line["messages"][0] for line in train] == [
        {"role": "user", "content": "Write about harbour 0"},
        {"role": "user", "content": "Write about harbour 1"},
    ]
    assert train[0]["messages"][1] == {"role": "assistant", "content": "\n\n".join(work[0]["write"])}
    assert studio.drafts() == []
    found = check(tmp_path / "train.jsonl")
    assert (found.kind, found.lines, found.problems) == ("messages", 2, ())


def test_several_models_share_the_work_and_no_piece_is_written_twice(tmp_path: Path, open_studio: OpenStudio):
    studios = [open_studio(ScriptedEngine(author, words_per_second=3000, name=name)) for name in ("A", "B")]
    assert sorted(build(tmp_path, studios)) == [0, 1, 2, 3, 4]
    assert {line["model"] for line in read_lines(tmp_path / "work.jsonl")} == {"A", "B"}
    assert build(tmp_path, studios) == []


def test_an_interrupted_build_goes_on_with_the_piece_it_was_at(tmp_path: Path, open_studio: OpenStudio):
    cancel, plans = threading.Event(), []

    def script(request: Request) -> str:
        if request.grammar is not None:
            plans.append(request.conversation[-1].text)
            if len(plans) == 3:
                cancel.set()
        return author(request)

    studio = open_studio(ScriptedEngine(script, words_per_second=4000))
    first = [b.line["n"] for b in Build(tmp_path, INSTRUCTIONS, RECIPE).run([studio], cancel)]
    assert first == [0, 1]
    assert len(studio.drafts()) == 1
    assert build(tmp_path, [open_studio(ScriptedEngine(author))]) == [2, 3, 4]
    assert [line["n"] for line in read_lines(tmp_path / "work.jsonl")] == [0, 1, 2, 3, 4]
    assert studio.drafts() == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"mode": "oneshot"}, "Mode of this dataset is 'conversation', and now it is 'oneshot'"),
        ({"length": "off"}, "Length of this dataset is 'gentle', and now it is 'off'"),
        ({"sampling": {"temperature": 0.9, "top_p": 0.8}}, r"Temperature of this dataset is 0\.5, and now it is 0\.9"),
        ({"filter": Filter(least_words=300)}, "Least words of this dataset is 400, and now it is 300"),
    ],
    ids=["mode", "length", "temperature", "filter"],
)
def test_a_dataset_does_not_go_on_with_other_settings(tmp_path: Path, changed: dict[str, Any], told: str):
    Build(tmp_path, INSTRUCTIONS, RECIPE)
    with pytest.raises(StoreError, match=told):
        Build(tmp_path, INSTRUCTIONS, replace(RECIPE, **changed))
    Build(tmp_path, INSTRUCTIONS, RECIPE)


def test_a_dataset_does_not_go_on_with_other_instructions(tmp_path: Path):
    Build(tmp_path, INSTRUCTIONS, RECIPE)
    with pytest.raises(StoreError, match="other instructions"):
        Build(tmp_path, INSTRUCTIONS[:2], RECIPE)


def test_a_dataset_of_a_version_that_recorded_less_goes_on(tmp_path: Path):
    Build(tmp_path, INSTRUCTIONS, RECIPE)
    path = tmp_path / "build.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({n: v for n, v in settings.items() if n not in ("length", "sampling")}))
    Build(tmp_path, INSTRUCTIONS, replace(RECIPE, length="off"))
    with pytest.raises(StoreError, match="Seed of this dataset is 3"):
        Build(tmp_path, INSTRUCTIONS, replace(RECIPE, seed=4))


def test_the_recipe_has_what_the_studio_writes_with(studio: Studio):
    recipe = Recipe.of(studio, "conversation", 1, Filter())
    assert (recipe.sampling["temperature"], recipe.length) == (0.5, "gentle")
    assert "seed" not in recipe.sampling  # each piece has its own
    studio.loader.save(length="strict")
    assert Recipe.of(studio, "conversation", 1, Filter()).length == "strict"


def test_instructions_are_read_from_both_forms(tmp_path: Path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"instruction": "Write"}\n{"prompt": "Write 900 words", "type": "x", "length": 900}\n')
    assert load_instructions(path) == [
        {"prompt": "Write", "length": None},
        {"prompt": "Write 900 words", "length": 900},
    ]
    for text, problem in (
        ("", "no instructions"),
        ('{"a": 1}', "Line 1"),
        ('{"prompt": "x", "length": -1}', "length"),
        ('{"prompt": "x", "length": 50}\n{"prompt": "x", "length": 49}', "Line 2 .* A target of 49 words is out of"),
    ):
        path.write_text(text)
        with pytest.raises(StoreError, match=problem):
            load_instructions(path)


@pytest.mark.parametrize(
    ("asked", "written", "steps", "text", "problem", "reason"),
    [
        (3000, 3000, 10, "Text.", "", ""),
        (3000, 3000, 10, "Text.", "It broke.", "failed"),
        (3000, 3000, 51, "Text.", "", "plan of more than 50 steps"),
        (1900, 1900, 10, "Text.", "", "fewer than 2,000 words"),
        (3000, 2000, 10, "Text.", "", "length score below 80"),  # 75
        (3000, 4500, 10, "Text.", "", ""),  # 83.3
        (3000, 3000, 10, "Text.\nParagraph 3: More.", "", "labels of the plan in the text"),
        (3000, 3000, 10, "第三段：更多。", "", "labels of the plan in the text"),
        (3000, 3000, 10, "In paragraph 3 of the law it says no.", "", ""),
    ],
)
def test_the_bounds_of_the_paper(asked: int, written: int, steps: int, text: str, problem: str, reason: str):
    assert Filter().reason(asked, written, steps, [text], problem) == reason


def test_an_error_of_one_worker_ends_the_others_and_is_raised():
    begun = threading.Event()

    def fails(stop):
        begun.wait(5)
        raise StoreError("The disk is full.")
        yield

    def goes_on(stop):
        yield 1
        begun.set()
        while not stop.is_set():
            begun.wait(0.01)
        yield 2

    told: list[int] = []
    with pytest.raises(StoreError, match="full"):
        for item in together([fails, goes_on], GO_ON):
            told.append(item)
    assert told == [1, 2]


def test_a_model_that_cannot_be_loaded_ends_the_build_and_drops_no_piece(tmp_path: Path, studio: Studio, monkeypatch):
    monkeypatch.setattr(ScriptedOpener, "open", no_memory)
    with pytest.raises(NotLoaded, match="There is not enough memory"):
        build(tmp_path, [studio])
    assert read_lines(tmp_path / "work.jsonl") == []
    monkeypatch.undo()
    assert build(tmp_path, [studio]) == [0, 1, 2, 3, 4]


def no_memory(*given: object) -> None:
    raise NotEnoughMemory("There is not enough memory.")


@pytest.mark.parametrize("made", [False, True], ids=["before its draft was made", "after it"])
def test_a_piece_that_was_being_begun_when_its_process_died_leaves_no_draft(tmp_path, open_studio, monkeypatch, made):
    studio = open_studio(ScriptedEngine(author))
    create = Studio.create

    def die(self: Studio, *given, **named):
        if made:
            create(self, *given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(Studio, "create", die)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, [studio])
    monkeypatch.undo()
    assert len(studio.drafts()) == made
    assert build(tmp_path, [studio]) == [0, 1, 2, 3, 4]
    assert studio.drafts() == []
