"""Runs: the studio writes a benchmark's prompts, and what it wrote is measured."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.engine.base import Engine, Proceed, Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EngineError, NotEnoughMemory, NotLoaded, StoreError
from longwriter_ui.evaluate.prompts import Prompt
from longwriter_ui.evaluate.quality import DIMENSIONS
from longwriter_ui.evaluate.results import Results
from longwriter_ui.evaluate.run import Run
from longwriter_ui.evaluation import (
    MODES,
    PieceDone,
    PieceStarted,
    PieceWriting,
    RunEnded,
    check_prompts,
    settings_of,
    write_run,
)
from longwriter_ui.host import EngineHost
from longwriter_ui.jsonl import dump_lines, read_lines
from longwriter_ui.paths import home
from longwriter_ui.pieces import Pieces
from longwriter_ui.studio import Studio
from longwriter_ui.words import benchmark_count
from tests.script import ScriptedOpener, author

PROMPTS = (
    Prompt("Write about boats in 100 words", "Popular Science", 100, "en"),
    Prompt("Write about rain in 600 words", "News Report", 600, "en"),
    Prompt("写一篇200字的文章，讲讲港口", "Literature and Creative Writing", 200, "zh"),
)
OpenStudio = Callable[..., Studio]


def begin(folder: Path, studio: Studio, mode: str = "conversation", seed: int = 5) -> Run:
    return Run.create(folder, PROMPTS, settings_of(studio, mode, seed), "test.jsonl")


def write(run: Run, studio: Studio) -> list[object]:
    return list(write_run(run, studio, threading.Event()))


def direct_or_author(request: Request) -> str:
    asked = request.conversation[-1].text
    return "Boats lie in rain, and so on. " * 3 if asked in {p.prompt for p in PROMPTS} else author(request)


@pytest.mark.parametrize("mode", MODES)
def test_every_prompt_gets_its_line_with_the_keys_of_the_benchmark(tmp_path: Path, open_studio: OpenStudio, mode: str):
    studio = open_studio(ScriptedEngine(direct_or_author))
    run = begin(tmp_path / "run", studio, mode)
    events = write(run, studio)
    assert [type(event) for event in events if not isinstance(event, PieceWriting)] == [
        *[PieceStarted, PieceDone] * 3,
        RunEnded,
    ]
    lines = read_lines(run.predictions_file)
    assert [line["n"] for line in lines] == [0, 1, 2]
    for line, prompt in zip(lines, PROMPTS, strict=True):
        assert (line["prompt"], line["type"], line["length"]) == (prompt.prompt, prompt.type, prompt.length)
        assert line["response_length"] == benchmark_count(line["response"]) > 0
        assert line["problem"] == ""
        assert line["tokens"] > 0
    assert run.manifest["mode"] == mode
    assert run.manifest["seed"] == 5
    assert run.manifest["sampling"]["temperature"] == 0.5
    assert studio.drafts() == []


def test_a_run_that_is_done_is_not_done_again(tmp_path: Path, open_studio: OpenStudio):
    asked: list[str] = []

    def script(request: Request) -> str:
        asked.append(request.conversation[-1].text)
        return author(request)

    studio = open_studio(ScriptedEngine(script))
    write(begin(tmp_path / "run", studio), studio)
    before, count = (tmp_path / "run" / "pred.jsonl").read_bytes(), len(asked)
    assert [type(e) for e in write(begin(tmp_path / "run", studio), studio)] == [RunEnded]
    assert (tmp_path / "run" / "pred.jsonl").read_bytes() == before
    assert len(asked) == count


def test_a_prompt_that_fails_is_recorded_and_the_rest_is_written(tmp_path: Path, open_studio: OpenStudio):
    broken = True

    def script(request: Request) -> str:
        if broken and "rain" in request.conversation[0].text:
            raise EngineError("The model failed.", "Try again.")
        return author(request)

    studio = open_studio(ScriptedEngine(script))
    run = begin(tmp_path / "run", studio)
    write(run, studio)
    assert [p.problem for p in run.predictions()] == ["", "The model failed. Try again.", ""]
    assert run.predictions()[1].words == 0
    results = Results.of_run(run)
    assert [piece.score > 0 for piece in results.pieces] == [True, False, True]
    assert results.all is not None and results.all.problems == 1

    broken = False
    assert write(run, studio) == [RunEnded(stopped=False)]  # a failure is not tried again unasked
    judged = [{"judge": {"name": "Somebody"}}, *({"n": n, "scores": dict.fromkeys(DIMENSIONS, 3)} for n in range(3))]
    (run.folder / "quality.x.jsonl").write_bytes(dump_lines(judged))
    assert run.forget_failures() == 1
    assert set(Results.of_run(run).judged[0].judgements) == {0, 2}  # the new text is not the one that was judged
    write(run, studio)
    assert [p.problem for p in run.predictions()] == ["", "", ""]
    assert sorted(line["n"] for line in read_lines(run.predictions_file)) == [0, 1, 2]


def test_a_piece_in_which_nothing_was_written_is_one_with_a_problem(tmp_path: Path, open_studio: OpenStudio):
    def script(request: Request) -> str:
        return " \n" if "rain" in request.conversation[0].text else direct_or_author(request)

    studio = open_studio(ScriptedEngine(script))
    run = begin(tmp_path / "run", studio, "direct")
    write(run, studio)
    assert [p.problem for p in run.predictions()] == ["", "No text came.", ""]


def test_failures_are_not_forgotten_under_the_hands_of_who_writes_the_run(tmp_path: Path, open_studio: OpenStudio):
    def script(request: Request) -> str:
        if "boats" in request.conversation[0].text:
            raise EngineError("The model failed.", "Try again.")
        return author(request)

    studio = open_studio(ScriptedEngine(script))
    run = begin(tmp_path / "run", studio)
    events = write_run(run, studio, threading.Event())
    while not isinstance(next(events), PieceDone):
        pass
    with pytest.raises(StoreError, match="is being written by another process"):
        begin(tmp_path / "run", studio).forget_failures()
    list(events)
    assert [line["n"] for line in read_lines(run.predictions_file)] == [0, 1, 2]


def test_a_prompt_that_is_no_brief_fails_alone(tmp_path: Path, studio: Studio):
    prompts = (Prompt("Write ten words", "x", 10, "en"), PROMPTS[0])
    run = Run.create(tmp_path / "run", prompts, settings_of(studio, "conversation", 0), "test")
    write(run, studio)
    assert ["out of range" in p.problem for p in run.predictions()] == [True, False]


def test_a_prompt_that_cannot_be_planned_is_refused_before_the_run_and_direct_takes_it():
    prompts = (PROMPTS[0], Prompt("Write 49 words", "x", 49, "en"))
    for mode in MODES:
        if mode == "direct":
            check_prompts(prompts, mode, "bench.jsonl")
            continue
        with pytest.raises(StoreError, match=r"Prompt 2 of bench.jsonl .* A target of 49 .* between 50 and"):
            check_prompts(prompts, mode, "bench.jsonl")
        check_prompts(prompts[:1], mode, "bench.jsonl")


def test_what_was_written_before_a_failure_counts(tmp_path: Path, open_studio: OpenStudio):
    def script(request: Request) -> str:
        if request.conversation[-1].text.rstrip().splitlines()[-1].startswith("Paragraph 4"):
            raise EngineError("The model failed.")
        return author(request)

    studio = open_studio(ScriptedEngine(script))
    run = Run.create(tmp_path / "run", PROMPTS[1:2], settings_of(studio, "conversation", 0), "test")
    write(run, studio)
    [piece] = run.predictions()
    assert piece.problem == "The model failed."
    assert 300 < piece.words < 450


def test_a_stopped_run_goes_on_where_it_stopped(tmp_path: Path, open_studio: OpenStudio):
    studio = open_studio(ScriptedEngine(author, words_per_second=300))
    run = begin(tmp_path / "run", studio)
    cancel = threading.Event()
    for event in write_run(run, studio, cancel):
        if isinstance(event, PieceWriting) and event.n == 1 and event.progress.words > 100:
            cancel.set()
    assert event == RunEnded(stopped=True)
    assert [p.n for p in run.predictions()] == [0]
    [line] = studio.drafts()
    begun = studio.draft(line.id).text
    assert begun

    studio = open_studio(ScriptedEngine(author))
    assert write(run, studio)[-1] == RunEnded(stopped=False)
    assert [p.n for p in run.predictions()] == [0, 1, 2]
    assert run.predictions()[1].response.startswith(begun.strip()[:200])
    assert studio.drafts() == []


class Refusing(ScriptedOpener):
    """Its model cannot be loaded."""

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        raise NotEnoughMemory("There is not enough memory.", "Close other programs.")


@pytest.mark.parametrize("mode", ["conversation", "direct"])
def test_a_model_that_cannot_be_loaded_ends_the_run_and_no_prompt_counts_as_failed(tmp_path: Path, mode: str):
    with closing(Studio(home(), EngineHost(Refusing(ScriptedEngine(author)), Path("script")))) as studio:
        run = begin(tmp_path / "run", studio, mode)
        with pytest.raises(NotLoaded, match=r"There is not enough memory\. Close other programs\."):
            write(run, studio)
    assert run.predictions() == []
    assert run.todo() == [0, 1, 2]


def test_other_settings_or_prompts_are_refused(tmp_path: Path, studio: Studio):
    begin(tmp_path / "run", studio)
    with pytest.raises(StoreError, match="Seed of this run is 5"):
        begin(tmp_path / "run", studio, seed=6)
    with pytest.raises(StoreError, match="Mode of this run is 'conversation'"):
        begin(tmp_path / "run", studio, mode="oneshot")
    settings = settings_of(studio, "conversation", 5)
    warmer = replace(settings, sampling={**settings.sampling, "top_p": 0.9})
    with pytest.raises(StoreError, match=r"Top p of this run is 0\.8, and now it is 0\.9"):
        Run.create(tmp_path / "run", PROMPTS, warmer, "test.jsonl")
    with pytest.raises(StoreError, match="other prompts"):
        Run.create(tmp_path / "run", PROMPTS[:2], settings_of(studio, "conversation", 5), "test.jsonl")


def test_a_run_ends_when_its_settings_change_and_goes_on_with_the_old_ones(tmp_path: Path, open_studio: OpenStudio):
    studio = open_studio(ScriptedEngine(author, words_per_second=2000))
    run = begin(tmp_path / "run", studio)
    with pytest.raises(StoreError, match="Length of this run is 'gentle', and now it is 'off'"):
        for event in write_run(run, studio, threading.Event()):
            if isinstance(event, PieceWriting) and event.n == 1:
                studio.loader.save(length="off")
    assert [p.n for p in run.predictions()] == [0]
    assert studio.drafts() == []  # a piece of two kinds is no piece of the run
    with pytest.raises(StoreError, match="now it is 'off'"):
        write(run, studio)
    studio.loader.save(length="gentle")
    write(run, studio)
    assert [p.n for p in run.predictions()] == [0, 1, 2]


def leave_one(run: Run, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> str:
    """The draft of the first piece, whose process was killed when its line was written; its id."""
    with monkeypatch.context() as patch:
        patch.setattr(Pieces, "remove", lambda pieces, n: sys.exit("killed"))
        with pytest.raises(SystemExit):
            write(run, studio)
    assert [p.n for p in run.predictions()] == [0]
    [left] = studio.drafts()
    return left.id


def test_a_draft_left_by_a_killed_process_is_cleared_away(
    tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    run = begin(tmp_path / "run", studio)
    leave_one(run, studio, monkeypatch)
    write(run, studio)
    assert studio.drafts() == studio.drafts(trashed=True) == []


def test_a_draft_that_the_person_changed_is_cleared_into_the_trash_and_only_once(
    tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    run = begin(tmp_path / "run", studio)
    left = leave_one(run, studio, monkeypatch)
    studio.edit(left, None, {"do": "edit_text", "key": studio.draft(left).paragraphs[1].key, "text": "In my words."})
    write(run, studio)
    assert [draft.id for draft in studio.drafts(trashed=True)] == [left]
    studio.trash(left, gone=False)
    write(run, studio)
    assert [draft.id for draft in studio.drafts()] == [left]
    assert studio.draft(left).paragraphs[1].text == "In my words."


def test_drafts_that_were_kept_stay_when_the_run_is_gone_on_with_without_keeping(tmp_path: Path, studio: Studio):
    run = begin(tmp_path / "run", studio)
    list(write_run(run, studio, threading.Event(), keep=True))
    kept = studio.drafts()
    assert len(kept) == 3
    write(run, studio)
    assert studio.drafts() == kept
    # Nor is a kept one taken up when its piece is written again.
    first, *lines = read_lines(run.predictions_file)
    run.predictions_file.write_bytes(dump_lines([{**first, "problem": "The model failed."}, *lines]))
    run.forget_failures()
    write(run, studio)
    assert studio.drafts() == kept


def test_predictions_of_another_program_are_read(tmp_path: Path):
    (tmp_path / "pred.jsonl").write_text(
        '{"prompt": "Write 100 words", "type": "a", "length": 100, "response_length": 2, "response": "Two words"}\n'
        '{"prompt": "写100字", "type": "b", "length": 100, "response_length": 2, "response": "两字"}\n',
        encoding="utf-8",
    )
    results = Results.of_run(Run(tmp_path))
    assert [(p.prediction.words, p.prediction.prompt.language) for p in results.pieces] == [(2, "en"), (2, "zh")]
    assert [group.name for group in results.languages] == ["en", "zh"]


def test_a_folder_without_a_run_is_told(tmp_path: Path, studio: Studio):
    with pytest.raises(StoreError, match="no run"):
        Run(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="is no folder"):
        begin(tmp_path / "file", studio)
