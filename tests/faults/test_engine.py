"""The engine fails in every way it can: the text so far is kept, the person is told what it was, and the job goes on
from there as soon as the engine works again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft, FinishReason, Mode, Status
from longwriter_ui.edits import apply_edit
from longwriter_ui.engine._llama import llama
from longwriter_ui.engine._vocabulary import Vocabulary
from longwriter_ui.engine.base import Cancel, Chunk, Engine, LengthMode, Proceed, Request
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EngineError, NotEnoughMemory
from longwriter_ui.events import Reading
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.manner import Manner
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.script import author
from tests.tiny_gguf import EOS, write_tiny_gguf

BRIEF = Brief.create("Write about the ferry to Kilkee", 250)
Fault = Callable[["Faulty", Cancel], None]


class Faulty(ScriptedEngine):
    """`fault` happens before each item number `at` of an answer, as long as it is set."""

    def __init__(self) -> None:
        super().__init__(author)
        self.fault: Fault | None = None
        self.at = 0
        self.woken = threading.Event()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        for number, item in enumerate(super().stream(request, cancel)):
            if number == self.at and self.fault is not None:
                self.fault(self, cancel)
            yield item


def stops_computing(engine: Faulty, cancel: Cancel) -> None:
    raise EngineError("llama.cpp failed while computing (code -3).", "Go on from there.")


def has_a_defect(engine: Faulty, cancel: Cancel) -> None:
    raise RuntimeError("a defect")


def needs_too_much(engine: Faulty, cancel: Cancel) -> None:
    raise MemoryError


def hangs(engine: Faulty, cancel: Cancel) -> None:
    """Until it is told to stop, which it does with an error of its own."""
    while not cancel.is_set():
        engine.woken.wait(0.01)
    raise EngineError("interrupted")


def hangs_for_good(engine: Faulty, cancel: Cancel) -> None:
    engine.woken.wait(60)
    raise EngineError("woken up")


class Opener:
    """Opens an engine of its own each time; `refuse` is what loading fails with."""

    def __init__(self) -> None:
        self.opened: list[Faulty] = []
        self.fault: Fault | None = None
        self.at = 0
        self.refuse: Exception | None = None

    def check(self, path: Path) -> ModelChoice:
        return ModelChoice(path, "Faulty", demonstration=False)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        if self.refuse is not None:
            raise self.refuse
        engine = Faulty()
        engine.fault, engine.at = self.fault, self.at
        self.opened.append(engine)
        return engine

    def break_down(self, fault: Fault, at: int) -> None:
        self.fault, self.at = fault, at
        for engine in self.opened:
            engine.fault, engine.at = fault, at

    def mend(self) -> None:
        self.fault = self.refuse = None
        for engine in self.opened:
            engine.fault = None
            engine.woken.set()


@pytest.fixture
def opener() -> Iterator[Opener]:
    opener = Opener()
    yield opener
    opener.mend()


@pytest.fixture
def studio(opener: Opener) -> Iterator[Studio]:
    studio = Studio(home(), EngineHost(opener, Path("faulty"), patience=0.7, stopping=0.3))
    yield studio
    studio.close()


def planned(studio: Studio, mode: Mode = Mode.CONVERSATION) -> Draft:
    draft = studio.create(BRIEF, mode, seed=7)
    assert studio.plan(draft.id).wait(10)
    return studio.draft(draft.id)


FAULTS = {
    stops_computing: ("failed while computing", "Go on from there."),
    has_a_defect: ("a defect", "Please report this."),
    needs_too_much: ("memory did not suffice", "Close other programs"),
    hangs: ("no sign of life", "start the application anew"),
    hangs_for_good: ("no sign of life", "start the application anew"),
}


@pytest.mark.parametrize(
    ("fault", "mode"),
    [(fault, Mode.CONVERSATION) for fault in FAULTS]
    + [(fault, mode) for fault in (stops_computing, hangs) for mode in Mode if mode is not Mode.CONVERSATION],
)
def test_text_that_came_before_the_engine_failed_is_kept_and_continued(
    opener: Opener, studio: Studio, fault: Fault, mode: Mode, tmp_path: Path
) -> None:
    draft = planned(studio, mode)
    opener.break_down(fault, at=20)
    job = studio.write(draft.id)
    assert job.wait(30) and job.failure is not None
    message, hint = FAULTS[fault]
    assert message in job.failure.message and hint in job.failure.hint
    kept = studio.draft(draft.id)
    assert kept.paragraphs[0].text.startswith("How it began in this piece")
    assert kept.paragraphs[0].status in (Status.FAILED, Status.WRITTEN) and not kept.paragraphs[0].finished
    studio.export(draft.id, tmp_path / "piece.md")
    assert kept.paragraphs[0].text.strip() in (tmp_path / "piece.md").read_text(encoding="utf-8")
    opener.mend()
    job = studio.write(draft.id)
    assert job.wait(30) and job.failure is None
    whole = studio.draft(draft.id)
    assert whole.words == 250 and all(p.finished and not p.problem for p in whole.paragraphs)
    assert whole.paragraphs[0].text.startswith(kept.paragraphs[0].text.strip())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plan_that_the_engine_failed_in_keeps_its_lines_and_can_be_made_again(
    opener: Opener, studio: Studio, fault: Fault
) -> None:
    draft = studio.create(BRIEF, seed=7)
    opener.break_down(fault, at=40)
    job = studio.plan(draft.id)
    assert job.wait(30) and job.failure is not None
    assert FAULTS[fault][0] in job.failure.message
    assert studio.draft(draft.id).raw_plan.startswith("Paragraph 1 - Main Point: How it began")
    opener.mend()
    job = studio.plan(draft.id)
    assert job.wait(30) and job.failure is None
    assert len(studio.draft(draft.id).paragraphs) == 5


@pytest.mark.parametrize("fault", FAULTS)
def test_a_rewrite_that_the_engine_failed_in_leaves_the_text_it_was_to_replace(
    opener: Opener, studio: Studio, fault: Fault
) -> None:
    draft = planned(studio)
    assert studio.write(draft.id).wait(30)
    draft = studio.draft(draft.id)
    key = draft.paragraphs[2].key
    opener.break_down(fault, at=12)
    job = studio.write(draft.id, [key])
    assert job.wait(30) and job.failure is not None
    assert [p.text for p in studio.draft(draft.id).paragraphs] == [p.text for p in draft.paragraphs]
    opener.mend()
    job = studio.write(draft.id, [key])
    assert job.wait(30) and job.failure is None


def test_an_engine_that_never_comes_back_is_replaced_by_a_new_one(opener: Opener, studio: Studio) -> None:
    draft = planned(studio)
    opener.break_down(hangs_for_good, at=3)  # while it reads
    assert studio.write(draft.id).wait(30)
    assert len(opener.opened) == 1
    opener.fault = None  # the one that hangs goes on hanging
    assert studio.write(draft.id).wait(30)
    assert len(opener.opened) == 2
    assert studio.draft(draft.id).words == 250


@pytest.mark.parametrize(
    "refusal", [NotEnoughMemory("There is not enough memory to load it.", "Close other programs."), MemoryError()]
)
def test_a_model_that_cannot_be_loaded_costs_nothing_and_drafts_can_be_exported(
    opener: Opener, studio: Studio, refusal: Exception, tmp_path: Path
) -> None:
    opener.refuse = refusal
    draft = studio.create(BRIEF, seed=7)
    job = studio.plan(draft.id)
    assert job.wait(10) and job.failure is not None
    assert "memory" in job.failure.message and job.failure.hint
    studio.edit(draft.id, None, {"do": "set_plan", "text": "1. How it began (250 words)"})
    studio.export(draft.id, tmp_path / "piece.txt")
    opener.mend()
    assert studio.write(draft.id).wait(10)
    assert studio.draft(draft.id).words == 250


# The same below the engine, in llama.cpp itself.


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It writes up to its limit, whatever this machine's arithmetic makes of its random weights."""
    return write_tiny_gguf(tmp_path_factory.mktemp("model") / "endless.gguf", never=EOS)


@pytest.fixture
def tiny(endless: Path) -> Iterator[Studio]:
    """A studio on a model of random weights, whose text is what a model writes that is broken."""
    studio = Studio(home(), EngineHost(LlamaCppOpener(), endless), length=LengthMode.OFF)
    assert studio.loader.load(endless).wait(60)
    yield studio
    studio.close()


def with_steps(studio: Studio, seed: int = 7) -> Draft:
    draft = studio.create(BRIEF, seed=seed, manner=Manner(guard=False))
    studio.edit(draft.id, None, {"do": "set_plan", "text": "1. The harbour (10 words)\n2. The boats (10 words)"})
    return studio.draft(draft.id)


@pytest.mark.parametrize("code", [1, -1, -2, -3])
def test_a_batch_that_llama_cpp_cannot_compute_ends_the_job_and_nothing_else(
    tiny: Studio, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    draft = with_steps(tiny)
    real, calls = llama.llama_decode, []

    def failing(context: object, batch: object) -> int:
        calls.append(batch)
        return code if len(calls) > 30 else real(context, batch)

    with monkeypatch.context() as patch:
        patch.setattr(llama, "llama_decode", failing)
        job = tiny.write(draft.id)
        assert job.wait(60) and job.failure is not None
    assert job.failure.message and job.failure.hint and "unexpected" not in job.failure.message
    assert isinstance(job.failure, NotEnoughMemory) == (code == -2)
    kept = tiny.draft(draft.id).paragraphs[0]
    assert kept.status is Status.FAILED and kept.text
    job = tiny.write(draft.id)
    assert job.wait(60) and job.failure is None
    assert tiny.draft(draft.id).paragraphs[0].text.startswith(kept.text.strip())


@pytest.mark.parametrize("piece", [b"\xff", b"\xe6\xb8", b"\xed\xa0\x80", b"\xf0\x9f", b"a\x00b\x80"])
def test_bytes_that_are_no_text_become_text_that_can_be_stored_exported_and_read_again(
    tiny: Studio, monkeypatch: pytest.MonkeyPatch, piece: bytes, tmp_path: Path
) -> None:
    real = Vocabulary.piece
    monkeypatch.setattr(Vocabulary, "piece", lambda self, token: piece if token % 3 == 0 else real(self, token))
    draft = with_steps(tiny)
    job = tiny.write(draft.id)
    assert job.wait(60) and job.failure is None
    done = tiny.draft(draft.id)
    assert all(p.finished and p.text for p in done.paragraphs)
    for name in ("piece.md", "piece.html", "piece.longwriter.json"):
        tiny.export(draft.id, tmp_path / name)
    again = tiny.import_file(tmp_path / "piece.longwriter.json")
    assert [p.text for p in again.paragraphs] == [p.text for p in done.paragraphs]
    same = apply_edit(done, {"do": "edit_text", "key": done.paragraphs[0].key, "text": done.paragraphs[0].text})
    assert same == done, "a text that nobody changed is no edit"


@pytest.mark.parametrize("seed", range(2))
def test_garbage_is_stored_as_it_came_and_can_be_stopped_and_continued(tiny: Studio, seed: int) -> None:
    draft = with_steps(tiny, seed)
    tiny.edit(draft.id, None, {"do": "set_manner", "values": {"temperature": 2.0, "top_k": 0, "top_p": 1.0}})
    job = tiny.write(draft.id)
    for number, _ in enumerate(job.events()):
        if number == 25:
            tiny.stop(draft.id)
    stopped = tiny.draft(draft.id)
    assert tiny.write(draft.id).wait(60)
    done = tiny.draft(draft.id)
    assert all(p.finished for p in done.paragraphs)
    first = stopped.paragraphs[0]
    if first.version is not None and first.version.finish is FinishReason.CANCELLED:
        assert done.paragraphs[0].text.startswith(first.text.strip())
    assert tiny._store.get(draft.id) == replace(done)
