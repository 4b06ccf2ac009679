"""LoRA adapters: what llama.cpp computes with one, what is kept apart by it, and which files are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener, build_studio
from longwriter_ui.config import Settings, load_settings, save_settings
from longwriter_ui.engine.adapter import Adapter, parse_adapter
from longwriter_ui.engine.base import assistant, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import ModelFileError
from longwriter_ui.host import EngineHost
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.engine.answers import ask, held, logits_after
from tests.tiny_adapter import change, write_tiny_adapter

Load = Callable[..., LlamaCppEngine]
ASKED = (user("Write the next paragraph of a long piece about the harbour. " * 8),)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_tiny_adapter(tmp_path / "style.gguf")


@pytest.mark.parametrize("scale", [1.0, 0.25, -0.5])
def test_an_adapter_is_as_good_as_weights_it_was_added_to(
    load: Load, make_gguf: Callable[..., Path], adapter: Path, scale: float
) -> None:
    model = make_gguf(heads=4)  # too narrow for a quantised KV cache, which would round
    applied = logits_after(load(model, adapter=Adapter(adapter, scale)), ASKED)
    merged = logits_after(load(make_gguf(heads=4, added=change(scale))), ASKED)
    plain = logits_after(load(model), ASKED)
    assert abs(applied - merged).max() < 1e-2
    assert abs(applied - plain).max() > 0.3


def test_an_adapter_stays_when_the_context_grows(load: Load, tiny_gguf: Path, adapter: Path) -> None:
    growing = load(tiny_gguf, adapter=Adapter(adapter))
    ask(growing, ASKED, 3)
    growing.reserve(8000)
    fresh = load(tiny_gguf, adapter=Adapter(adapter), context=8192)
    assert abs(logits_after(growing, ASKED) - logits_after(fresh, ASKED)).max() < 1e-3


def test_kept_states_belong_to_the_adapter_and_its_scale(
    load: Load, tiny_gguf: Path, adapter: Path, tmp_path: Path
) -> None:
    states = tmp_path / "states"
    engine = load(tiny_gguf, states=states, adapter=Adapter(adapter))
    conversation = (*ASKED, assistant(ask(engine, ASKED, 20).part), user("And the next one."))
    engine.save("draft")
    same = load(tiny_gguf, states=states, adapter=Adapter(adapter))
    same.restore("draft", conversation)
    assert held(same)
    for other in (None, Adapter(adapter, 0.5), Adapter(write_tiny_adapter(tmp_path / "style2.gguf", seed=4))):
        another = load(tiny_gguf, states=states, adapter=other)
        another.restore("draft", conversation)
        assert held(another) == []


def test_who_is_writing_names_the_adapter(load: Load, tiny_gguf: Path, adapter: Path) -> None:
    info = load(tiny_gguf, adapter=Adapter(adapter, 0.5)).info
    assert info.name == "Tiny + style x 0.5"
    assert info.adapter.startswith("style.gguf:0.5 (")
    assert load(tiny_gguf, adapter=Adapter(adapter)).info.adapter != info.adapter
    assert load(tiny_gguf).info.adapter == ""


def refused(model: Path, adapter: Path) -> ModelFileError:
    with pytest.raises(ModelFileError) as caught:
        LlamaCppEngine.load(model, adapter=Adapter(adapter))
    assert caught.value.hint
    return caught.value


def test_an_adapter_of_another_architecture_is_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    error = refused(tiny_gguf, write_tiny_adapter(tmp_path / "other.gguf", architecture="glm4"))
    assert "'glm4'" in error.message and "'llama'" in error.message


def test_an_adapter_of_another_size_is_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    error = refused(tiny_gguf, write_tiny_adapter(tmp_path / "wide.gguf", columns=32))
    assert "does not fit Tiny" in error.message and "shape" in error.message


def test_a_model_is_no_adapter(tiny_gguf: Path) -> None:
    assert "is no LoRA adapter" in refused(tiny_gguf, tiny_gguf).message


def test_an_adapter_is_no_model(adapter: Path) -> None:
    with pytest.raises(ModelFileError, match="no tokenizer"):
        LlamaCppEngine.load(adapter)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_damaged_adapter_is_refused(tiny_gguf: Path, adapter: Path, tmp_path: Path, share: float) -> None:
    whole = adapter.read_bytes()
    part = tmp_path / "part.gguf"
    part.write_bytes(whole[: int(len(whole) * share)])
    refused(tiny_gguf, part)


def test_a_missing_adapter_is_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    assert "There is no adapter" in refused(tiny_gguf, tmp_path / "none.gguf").message


@pytest.mark.parametrize(
    ("text", "name", "scale"),
    [
        ("a.gguf", "a.gguf", 1.0),
        ("a.gguf:0.5", "a.gguf", 0.5),
        (' "b/a.gguf:2" ', "a.gguf", 2.0),
        ("a:b.gguf", "a:b.gguf", 1.0),
        ("a:b.gguf:.25", "a:b.gguf", 0.25),
    ],
)
def test_a_path_with_a_scale(text: str, name: str, scale: float) -> None:
    found = parse_adapter(text)
    assert (found.path.name, found.scale, found.path.is_absolute()) == (name, scale, True)


@pytest.mark.parametrize("text", ["", ":", ":0.5", "a.gguf:nan", "a.gguf:inf"])
def test_a_text_that_names_no_adapter(text: str) -> None:
    with pytest.raises(ModelFileError, match="names no adapter"):
        parse_adapter(text)


def test_a_studio_opened_with_an_adapter_writes_with_it(tiny_gguf: Path, adapter: Path) -> None:
    studio = build_studio(tiny_gguf, lora=f"{adapter}:0.5")
    try:
        assert studio.model is not None and studio.model.name == "Tiny + style x 0.5"
        job = studio.loader.load(studio.model.path, remember=False)
        assert job.wait(60) and job.failure is None
        info = studio.loader.state.info
        assert info is not None and info.name == studio.model.name
    finally:
        studio.close()
    with pytest.raises(ModelFileError, match="There is no adapter"):
        build_studio(tiny_gguf, lora="none.gguf")


def test_an_adapter_set_for_a_model_is_used_from_the_next_job_on_and_a_wrong_one_is_not_kept(
    tiny_gguf: Path, adapter: Path
) -> None:
    studio = Studio(home(), EngineHost(LlamaCppOpener(settings=home().settings), tiny_gguf))
    try:
        path = studio.model.path
        studio.loader.set_adapter(path, str(adapter))
        assert studio.model.name == "Tiny + style"
        with pytest.raises(ModelFileError):
            studio.loader.set_adapter(path, str(tiny_gguf))
        assert studio.model.name == "Tiny + style"
        assert load_settings(home().settings).adapters == {str(path): str(adapter)}
        studio.loader.set_adapter(path, "")
        assert studio.model.name == "Tiny"
    finally:
        studio.close()


def test_settings_keep_adapters(tmp_path: Path) -> None:
    save_settings(tmp_path / "settings.json", Settings(adapters={"/a.gguf": "b.gguf:0.5"}))
    assert load_settings(tmp_path / "settings.json").adapters == {"/a.gguf": "b.gguf:0.5"}
