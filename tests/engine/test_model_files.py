"""Files that are no model, or not a whole one, are refused with what to do about it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest
from gguf.constants import GGML_QUANT_SIZES

from longwriter_ui.engine.header import _BLOCKS, read_header
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.errors import EngineError, ModelFileError

Make = Callable[..., Path]


def refused(path: Path) -> ModelFileError:
    with pytest.raises(ModelFileError) as caught:
        LlamaCppEngine.load(path)
    assert caught.value.hint
    return caught.value


def test_the_header_of_a_whole_file(tiny_gguf: Path) -> None:
    header = read_header(tiny_gguf)
    assert header.metadata["general.name"] == "Tiny"
    assert header.number("context_length") == 8192
    assert header.number("attention.key_length", 32) == 32
    assert header.size == tiny_gguf.stat().st_size
    assert header.vocabulary


def test_sizes_of_tensor_types_are_the_ones_of_the_format() -> None:
    official = {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
    assert {kind: official[kind] for kind in _BLOCKS} == _BLOCKS


def test_a_missing_file(tmp_path: Path) -> None:
    assert "There is no file" in refused(tmp_path / "none.gguf").message


def test_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path).message == f"{tmp_path} is a folder."


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a zip file", b"<!doctype html><title>Not found"])
def test_a_file_that_is_no_gguf(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.gguf"
    path.write_bytes(content)
    error = refused(path)
    assert "is not a GGUF file" in error.message


@pytest.mark.parametrize("version", [1, 99, 0x03000000])
def test_a_version_that_llama_cpp_does_not_read(tmp_path: Path, version: int) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, 0))
    assert "version" in refused(path).message


@pytest.mark.parametrize("share", [0.0002, 0.001, 0.01, 0.3, 0.9, 0.9999])
def test_a_file_whose_download_broke_off(tiny_gguf: Path, tmp_path: Path, share: float) -> None:
    whole = tiny_gguf.read_bytes()
    path = tmp_path / "part.gguf"
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refused(path)
    assert "incomplete" in error.message
    assert "Download" in error.hint


def test_a_damaged_header(tiny_gguf: Path, tmp_path: Path) -> None:
    data = bytearray(tiny_gguf.read_bytes())
    data[24:32] = b"\xff" * 8  # the length of the first key
    path = tmp_path / "damaged.gguf"
    path.write_bytes(data)
    assert "damaged" in refused(path).message


def test_an_architecture_that_llama_cpp_cannot_run(make_gguf: Make) -> None:
    error = refused(make_gguf(architecture="abacus"))
    assert "'abacus'" in error.message
    assert "another model" in error.hint


def test_a_model_without_a_tokenizer(make_gguf: Make) -> None:
    assert "no tokenizer" in refused(make_gguf(tokenizer=False)).message


def test_a_vocabulary_without_weights(make_gguf: Make) -> None:
    assert "no weights" in refused(make_gguf(weights=False)).message


def test_a_file_without_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "bare.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    assert "what kind of model" in refused(path).message


def test_weights_that_llama_cpp_misses(make_gguf: Make, tmp_path: Path) -> None:
    """What only llama.cpp finds is told in its own words."""
    path = make_gguf(without="output_norm.weight")
    assert "output_norm.weight" in refused(path).message


def test_an_unknown_template_is_refused_before_anything_is_written(tiny_gguf: Path) -> None:
    with pytest.raises(EngineError, match="no template named"):
        LlamaCppEngine.load(tiny_gguf, template="llama-2")


def test_the_vocabulary_of_two_models_is_told_apart_by_its_tokens_alone(make_gguf: Make) -> None:
    one, same, other = (make_gguf(name=n, vocabulary=v) for n, v in (("A", 200), ("B", 200), ("A", 199)))
    assert read_header(one).vocabulary == read_header(same).vocabulary
    assert read_header(one).vocabulary != read_header(other).vocabulary


def test_values_of_every_kind_are_read(tmp_path: Path) -> None:
    path = tmp_path / "kinds.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("a", 200)
    writer.add_int64("b", -5)
    writer.add_float64("c", 0.5)
    writer.add_bool("d", True)
    writer.add_string("e", "月")
    writer.add_array("f", [1, 2, 3])
    writer.add_array("g", ["x", "yy"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    metadata = read_header(path).metadata
    assert [metadata[key] for key in "abcdefg"] == [200, -5, 0.5, True, "月", 3, 2]
