"""Models are loaded in the background, and whatever goes wrong leaves the one before in use."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import pytest

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.brief import Brief
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Engine, Proceed
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ContextTooSmall, EngineError, LoadCancelled, ModelFileError
from longwriter_ui.events import Event, Failed, Finished, Loading, SelfTested, SelfTesting
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.loading import LoadJob
from longwriter_ui.models import Models
from longwriter_ui.paths import home
from longwriter_ui.selftest import SelfTest
from longwriter_ui.studio import Studio
from longwriter_ui.weights.fit import Machine
from tests.script import author
from tests.tiny_gguf import EOS, write_tiny_gguf

LARGE = Machine(64 * 10**9, 48 * 10**9, 10**12)
PLAN = "Paragraph 1 - Main Point: The tide - Word Count: 20 words\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """It never ends by itself, so that it always writes something."""
    return write_tiny_gguf(tmp_path / "good.gguf", name="Good", never=EOS)


@pytest.fixture
def studio(good: Path) -> Iterator[Studio]:
    studio = Studio(home(), EngineHost(LlamaCppOpener(settings=home().settings), good))
    studio.models = Models(home(), LARGE)
    yield studio
    studio.close()


def load(studio: Studio, path: Path) -> LoadJob:
    job = studio.loader.load(path)
    assert job.wait(60)
    return job


def assert_good_writes(studio: Studio) -> None:
    """The model from before is in use, and still writes."""
    assert studio.model is not None and studio.model.name == "Good"
    draft = studio.create(Brief.create("Something about the sea", 100))
    studio.edit(draft.id, None, {"do": "set_plan", "text": PLAN})
    job = studio.write(draft.id)
    assert job.wait(60) and job.failure is None
    assert studio.draft(draft.id).words


def test_a_loaded_model_is_in_use_tested_and_measured(studio: Studio, tmp_path: Path) -> None:
    other = write_tiny_gguf(tmp_path / "other.gguf", name="Other", favourite="e")
    job = load(studio, other)
    assert job.failure is None and job.share == 1.0
    state = studio.loader.state
    assert state.choice is not None and state.choice.name == "Other" and state.doing == ""
    assert state.info is not None and state.info.backend and state.info.threads > 0
    assert state.test is not None and not state.test.passed
    assert studio.models.speeds.of(other)
    assert studio.loader.settings.model == str(other)


def write_events(studio: Studio) -> list[Event]:
    """Those of a job that writes a short draft."""
    draft = studio.create(Brief.create("Something about the sea", 100))
    studio.edit(draft.id, None, {"do": "set_plan", "text": PLAN})
    job = studio.write(draft.id)
    events = list(job.events())
    assert job.failure is None and studio.draft(draft.id).words
    return events


def found_by(events: list[Event]) -> list[SelfTested]:
    return [event for event in events if isinstance(event, SelfTested)]


def reopened(studio: Studio, path: Path) -> Studio:
    studio.close()
    return Studio(home(), EngineHost(LlamaCppOpener(settings=home().settings), path))


def test_the_first_job_tests_the_model_it_loads_and_goes_on_whatever_is_found(studio: Studio, tmp_path: Path) -> None:
    studio.choose_model(write_tiny_gguf(tmp_path / "endless.gguf", never=EOS))
    events = write_events(studio)
    assert [type(event) for event in events[:3]] == [Loading, SelfTesting, SelfTested]
    (found,) = found_by(events)
    assert found.fresh and any("did not end" in problem for problem in found.problems)
    state = studio.loader.state
    assert state.test is not None and state.test.problems == found.problems
    assert not found_by(write_events(studio))  # it is in memory


def test_a_model_that_passed_is_not_tested_at_the_next_start(studio: Studio, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "other.gguf")
    studio.choose_model(path)
    passing = SelfTest("The sea.", 3, 9.0, ())
    studio.loader._tests.keep(path, EngineHost(LlamaCppOpener(), path).engine().info, passing)
    assert not found_by(write_events(studio))
    assert studio.loader.state.test == passing


def test_what_an_earlier_start_found_is_told_again_without_a_test(studio: Studio, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "endless.gguf", never=EOS)
    load(studio, path)
    again = reopened(studio, path)
    try:
        events = write_events(again)
        assert not [event for event in events if isinstance(event, SelfTesting)]
        (found,) = found_by(events)
        assert found.problems and not found.fresh
    finally:
        again.close()


@pytest.mark.parametrize("change", ["the file", "the template"])
def test_another_file_or_template_is_tested_anew(studio: Studio, tmp_path: Path, change: str) -> None:
    path = write_tiny_gguf(tmp_path / "endless.gguf", never=EOS)
    load(studio, path)
    if change == "the file":
        write_tiny_gguf(path, never=EOS, vocabulary=190)
    else:
        studio.loader.set_template(path, "glm4")
    again = reopened(studio, path)
    try:
        assert [found.fresh for found in found_by(write_events(again))] == [True]
    finally:
        again.close()


def test_a_model_that_cannot_answer_its_test_is_used_all_the_same(studio: Studio, tmp_path: Path) -> None:
    """Here for want of context, which then stops the piece too; the error is that of the piece."""
    small = Studio(home(), EngineHost(LlamaCppOpener(context=64), write_tiny_gguf(tmp_path / "tiny.gguf")))
    try:
        draft = small.create(Brief.create("Something about the sea", 100))
        small.edit(draft.id, None, {"do": "set_plan", "text": PLAN})
        job = small.write(draft.id)
        (found,) = found_by(list(job.events()))
        assert "could not answer" in found.problems[0]
        assert isinstance(job.failure, ContextTooSmall)
    finally:
        small.close()


def test_loading_for_a_job_is_stopped_with_the_job() -> None:
    opener = Slow()
    studio = Studio(home(), EngineHost(opener, Path("slow")))
    try:
        draft = studio.create(Brief.create("Something about the sea", 100))
        job = studio.plan(draft.id)
        assert opener.loading.wait(20)
        studio.stop(draft.id)
        assert list(job.events())[-1] == Finished(FinishReason.CANCELLED)
    finally:
        studio.close()


def test_a_damaged_file_of_results_costs_a_test_only(studio: Studio, good: Path) -> None:
    load(studio, good)
    home().selftests.write_text('{"x": 1, ', encoding="utf-8")
    again = reopened(studio, good)
    try:
        assert [found.fresh for found in found_by(write_events(again))] == [True]
    finally:
        again.close()


def test_drafts_stay_when_the_model_changes(studio: Studio, tmp_path: Path) -> None:
    assert_good_writes(studio)
    (before,) = studio.drafts()
    load(studio, write_tiny_gguf(tmp_path / "other.gguf", name="Other"))
    assert [line.words for line in studio.drafts()] == [before.words]
    job = studio.write(before.id, [studio.draft(before.id).paragraphs[0].key])
    assert job.wait(60) and job.failure is None


def test_unloading_frees_the_model_and_the_next_job_loads_it_again(studio: Studio, good: Path) -> None:
    load(studio, good)
    assert studio.loader.state.info is not None
    assert studio.loader.unload().wait(60)
    state = studio.loader.state
    assert state.info is None and state.test is None and state.choice is not None
    assert_good_writes(studio)


def truncated(folder: Path, make: Callable[..., Path]) -> Path:
    path = make()
    path.write_bytes(path.read_bytes()[:-5000])
    return path


def without_second_part(folder: Path, make: Callable[..., Path]) -> Path:
    return make().rename(folder / "m-00001-of-00002.gguf")


REFUSED_AT_ONCE: dict[str, tuple[Callable[[Path, Callable[..., Path]], Path], str]] = {
    "a truncated file": (truncated, "incomplete"),
    "a file without tokenizer": (lambda _, make: make(tokenizer=False), "no tokenizer"),
    "a vocabulary without weights": (lambda _, make: make(weights=False), "no weights"),
    "a split model that is not all here": (without_second_part, "not all are here"),
    "a file that is not there": (lambda folder, _: folder / "none.gguf", "no file"),
}
FAILS_TO_LOAD: dict[str, tuple[dict[str, str], str]] = {
    "an unknown architecture": ({"architecture": "abacus"}, "abacus"),
    "a template that is none": ({"chat_template": "{% for %}"}, "chat template"),
    "a template that leaves the text out": ({"chat_template": "hello"}, "chat template"),
    "a template that ends in an error": ({"chat_template": "{{ raise_exception('no') }}"}, "chat template"),
    "a missing tensor": ({"without": "output_norm.weight"}, "output_norm"),
}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    return lambda **options: write_tiny_gguf(tmp_path / "bad.gguf", **{"name": "Bad", **options})


@pytest.mark.parametrize("case", REFUSED_AT_ONCE)
def test_what_the_header_tells_is_refused_at_once(
    studio: Studio, good: Path, tmp_path: Path, make: Callable[..., Path], case: str
) -> None:
    load(studio, good)
    prepare, says = REFUSED_AT_ONCE[case]
    with pytest.raises(ModelFileError, match=says):
        studio.loader.load(prepare(tmp_path, make))
    assert_good_writes(studio)


@pytest.mark.parametrize("case", FAILS_TO_LOAD)
def test_a_load_that_fails_leaves_the_model_before_in_use(
    studio: Studio, good: Path, make: Callable[..., Path], case: str
) -> None:
    load(studio, good)
    options, says = FAILS_TO_LOAD[case]
    job = load(studio, make(**options))
    assert job.failure is not None and says in str(job.failure)
    assert studio.loader.state.failure is job.failure
    assert_good_writes(studio)
    assert studio.loader.settings.model == str(good)


def test_a_model_too_large_for_the_machine_is_refused_before_memory_runs_out(
    studio: Studio, make: Callable[..., Path]
) -> None:
    studio.loader._models = Models(home(), Machine(10**6, 10**6, 10**9))
    job = load(studio, make())
    assert job.failure is not None and "of memory" in job.failure.message and job.share == 0.0
    studio.loader._models = studio.models
    assert_good_writes(studio)


def test_where_memory_does_not_hold_both_the_first_goes_and_comes_back_when_the_second_fails(
    studio: Studio, good: Path, make: Callable[..., Path]
) -> None:
    load(studio, good)
    studio.loader._models = Models(home(), Machine(10**10, 10**6, 10**9))
    assert load(studio, make(architecture="abacus")).failure is not None
    assert studio.loader.state.info is None
    assert_good_writes(studio)


def test_a_vocabulary_without_bos_writes_without_one(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """llama.cpp would take token 11 for it."""
    monkeypatch.setattr(gguf.GGUFWriter, "add_bos_token_id", lambda *_: None)
    path = write_tiny_gguf(tmp_path / "nobos.gguf", name="No BOS")
    assert load(studio, path).failure is None
    assert studio._host.engine().inner._vocabulary.bos == -1  # type: ignore[attr-defined]


def test_a_vocabulary_without_eos_does_not_end_at_a_comma(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf.GGUFWriter, "add_eos_token_id", lambda *_: None)
    path = write_tiny_gguf(tmp_path / "noeos.gguf", name="No EOS")
    assert load(studio, path).failure is None
    assert 11 not in studio._host.engine().inner._ends  # type: ignore[attr-defined]


def split(path: Path) -> list[Path]:
    """The tiny model in two files, as llama.cpp's own tool splits models."""
    reader = gguf.GGUFReader(path)
    half = len(reader.tensors) // 2
    parts = []
    for number, tensors in enumerate((reader.tensors[:half], reader.tensors[half:])):
        part = path.with_name(f"{path.stem}-{number + 1:05}-of-00002.gguf")
        writer = gguf.GGUFWriter(part, "llama")
        for field in reader.fields.values():
            if number == 0 and not field.name.startswith("GGUF.") and field.name != "general.architecture":
                kinds = field.types
                sub = kinds[-1] if len(kinds) > 1 else None
                writer.add_key_value(field.name, field.contents(), kinds[0], sub_type=sub)
        writer.add_uint16("split.no", number)
        writer.add_uint16("split.count", 2)
        writer.add_int32("split.tensors.count", len(reader.tensors))
        for tensor in tensors:
            writer.add_tensor(tensor.name, tensor.data)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        parts.append(part)
    return parts


def test_a_split_model_is_loaded_by_any_of_its_files(studio: Studio, good: Path) -> None:
    first, second = split(good)
    assert load(studio, second).failure is None
    state = studio.loader.state
    assert state.choice is not None and state.choice.path == first and state.info is not None


class Slow:
    """Loads until told to stop."""

    def __init__(self) -> None:
        self.loading = threading.Event()

    def check(self, path: Path) -> ModelChoice:
        return ModelChoice(path, path.stem, demonstration=False)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        if path.stem == "slow":
            assert proceed is not None
            while proceed(0.25):
                self.loading.set()
            raise LoadCancelled("Loading was cancelled.")
        return ScriptedEngine(author, name=path.stem)


def test_loading_can_be_watched_and_cancelled() -> None:
    opener = Slow()
    studio = Studio(home(), EngineHost(opener, Path("fast")))
    try:
        assert load(studio, Path("fast")).failure is None
        job = studio.loader.load(Path("slow"))
        assert opener.loading.wait(20)
        state = studio.loader.state
        assert state.doing == "loading" and state.share == 0.25
        assert state.target is not None and state.target.name == "slow"
        assert state.choice is not None and state.choice.name == "fast"
        studio.loader.cancel()
        assert job.wait(20) and job.failure is None
        state = studio.loader.state
        assert state.doing == "" and state.choice is not None and state.choice.name == "fast" and state.info is not None
    finally:
        studio.close()


def test_llama_cpp_stops_loading_when_told_so(good: Path) -> None:
    shares: list[float] = []
    opener = LlamaCppOpener(settings=home().settings)
    with pytest.raises(LoadCancelled):
        opener.open(good, lambda share: shares.append(share) or False)  # type: ignore[func-returns-value]
    assert len(shares) == 1
    engine = opener.open(good, lambda share: shares.append(share) or True)  # type: ignore[func-returns-value]
    engine.close()
    assert shares[-1] == 1.0


def test_settings_hold_from_the_next_load_on(studio: Studio, good: Path) -> None:
    studio.loader.set_engine(threads=1, gpu_layers=0)
    studio.loader.set_template(good, "glm4")
    load(studio, good)
    info = studio.loader.state.info
    assert info is not None and info.threads == 1 and info.template == "glm4" and info.backend.startswith("CPU")
    studio.loader.set_template(good, None)
    load(studio, good)
    info = studio.loader.state.info
    assert info is not None and info.template == "longwriter-llama3"
    assert studio.loader.settings.threads == 1


def test_an_unknown_template_is_refused(studio: Studio, good: Path) -> None:
    with pytest.raises(EngineError, match="no template"):
        studio.loader.set_template(good, "llama-2")


def test_loading_waits_for_the_writing_before_it(tmp_path: Path) -> None:
    opener = Slow()
    studio = Studio(home(), EngineHost(opener, Path("fast")))
    try:
        engine = ScriptedEngine(author, words_per_second=50)
        opener.open = lambda path, proceed=None: engine  # type: ignore[method-assign,assignment]
        draft = studio.create(Brief.create("Something about the sea", 500))
        writing = studio.plan(draft.id)
        job = studio.loader.load(Path("other"))
        assert studio.loader.state.doing == "waiting"
        studio.stop(draft.id)
        assert writing.wait(20) and job.wait(20)
        assert not isinstance(job.failure, Failed) and studio.model is not None and studio.model.name == "other"
    finally:
        studio.close()


def test_the_file_of_a_loaded_model_may_be_copied_over(studio: Studio, good: Path, tmp_path: Path) -> None:
    """Loading the same path again reads the file again."""
    load(studio, good)
    replacement = write_tiny_gguf(tmp_path / "new.gguf", name="Newer")
    shutil.move(replacement, good)
    assert load(studio, good).failure is None
    assert studio.model is not None and studio.model.name == "Newer"
