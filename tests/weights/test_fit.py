from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.engine.header import read_header
from longwriter_ui.weights.fit import Machine, Shape, Verdict, context_for, fit, gigabytes, minutes
from tests.tiny_gguf import write_tiny_gguf

GB = 10**9
LLAMA = Shape(layers=32, kv_heads=8, head=128, tokens=128256, width=4096, context=131072)
Q4_K_M, Q3_K_M = 4_920_000_000, 4_020_000_000


def machine(memory: float, available: float, disk: float = 100) -> Machine:
    return Machine(int(memory * GB), int(available * GB), int(disk * GB))


def test_the_kv_cache_of_the_8b_model_is_as_measured() -> None:
    assert LLAMA.kv_type == "q8_0"
    difference = LLAMA.bytes_for(2048) - LLAMA.bytes_for(1024)
    assert difference == 68 * 1024 * 1024
    half = replace(LLAMA, head=100)
    assert half.kv_type == "f16"


def test_ten_thousand_words_fit_the_context_that_was_measured_for_them() -> None:
    assert 13_000 < context_for(10_000) <= 16_384
    assert context_for(500) <= 4096


@pytest.mark.parametrize(
    ("memory", "available", "size", "verdict"),
    [
        (32, 24, Q4_K_M, Verdict.FITS),
        (16, 10, Q4_K_M, Verdict.FITS),
        (16, 5, Q4_K_M, Verdict.TIGHT),
        (8, 6, Q3_K_M, Verdict.FITS),
        (8, 5, Q4_K_M, Verdict.TIGHT),
        (4, 3, Q3_K_M, Verdict.TOO_LARGE),
    ],
)
def test_laptops(memory: float, available: float, size: int, verdict: Verdict) -> None:
    result = fit(LLAMA, size, machine(memory, available))
    assert result.verdict is verdict
    assert bool(result.reason) == (verdict is not Verdict.FITS)


def test_a_refusal_names_the_numbers_and_the_piece_that_would_fit() -> None:
    result = fit(LLAMA, Q4_K_M, machine(8, 6), words=40_000)
    assert result.verdict is Verdict.TOO_LARGE
    assert gigabytes(result.needed) in result.reason and "8.0 GB" in result.reason
    assert 1000 <= result.most_words < 40_000
    assert fit(LLAMA, Q4_K_M, machine(8, 8), words=result.most_words).verdict is Verdict.FITS


def test_nothing_fits_where_the_weights_alone_do_not() -> None:
    assert fit(LLAMA, Q4_K_M, machine(4, 3)).most_words == 0


def test_a_model_trained_for_a_short_context_is_refused_for_a_long_piece() -> None:
    result = fit(replace(LLAMA, context=8192), Q4_K_M, machine(32, 24))
    assert result.verdict is Verdict.TOO_LARGE and "8,192" in result.reason
    assert 1000 <= result.most_words < 10_000


def test_a_full_disk_is_a_reason() -> None:
    result = fit(LLAMA, Q4_K_M, machine(32, 24, disk=3), download=Q4_K_M)
    assert result.verdict is Verdict.TOO_LARGE and "disk" in result.reason
    assert fit(LLAMA, Q4_K_M, machine(32, 24, disk=3)).verdict is Verdict.FITS


def test_what_is_not_known_is_not_judged() -> None:
    assert fit(None, Q4_K_M, machine(32, 24)).verdict is Verdict.UNKNOWN
    assert fit(LLAMA, None, machine(32, 24)).verdict is Verdict.UNKNOWN


def test_the_shape_comes_from_the_header(tmp_path: Path) -> None:
    header = read_header(write_tiny_gguf(tmp_path / "tiny.gguf", heads=2))
    shape = Shape.of(header.metadata)
    assert (shape.layers, shape.kv_heads, shape.heads, shape.head, shape.width) == (2, 2, 2, 32, 64)
    assert shape.tokens == header.metadata["tokenizer.ggml.tokens"] and shape.context == 8192


def test_a_header_with_a_list_of_heads_is_taken_at_the_most() -> None:
    """The reader gives a list's length, here the number of layers."""
    metadata = {"general.architecture": "x", "x.attention.head_count": 8, "x.attention.head_count_kv": 48}
    assert Shape.of(metadata).kv_heads == 8


def test_time_follows_the_measured_speed() -> None:
    assert minutes(10_000, 3.4) == pytest.approx(67, abs=2)  # an hour and some, as measured on two cores
    assert minutes(10_000, 34) == pytest.approx(minutes(10_000, 3.4) / 10)


def test_this_machine_is_measured_where_the_folder_will_be(tmp_path: Path) -> None:
    here = Machine.here(tmp_path / "not" / "yet")
    assert 0 < here.available <= here.memory and here.disk > 0
