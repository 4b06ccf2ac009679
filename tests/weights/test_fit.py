from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.synthetic_model import SHAPES, write_synthetic_model
from longwriter_ui.engine.header import read_header
from longwriter_ui.weights.fit import Machine, Verdict, context_for, fit, gigabytes, minutes, setup_for
from longwriter_ui.weights.memory import Setup, Shape, choose, given_up, setups
from tests.tiny_gguf import write_tiny_gguf

GB = 10**9
LLAMA = Shape(layers=32, kv_heads=8, head=128, tokens=128256, width=4096, context=131072)
Q4_K_M, Q3_K_M = 4_920_000_000, 4_020_000_000


MIB = 1 << 20
ONE_B = Shape(16, 8, 64, 128256, 2048, context=131072, heads=32, inner=8192, repacked=467_000_000)
WIDE = Shape(8, 8, 128, 128256, 3072, context=131072, heads=24, inner=8192)
EIGHT_B = replace(LLAMA, inner=14336)
ODD_HEADS = Shape(8, 16, 80, 128256, 2048, context=131072, heads=16, inner=8192)
# Measured with llama.cpp 0.3.36 in a bare process that read whole batches: shape, MiB of the file, context, batch,
# repacked, and how many MiB the process grew by. In f16 the scores grow with what was read, up to what is predicted.
MEASURED = [
    (ONE_B, 767, 4096, 128, False, 785 + 74 + 19),
    (ONE_B, 767, 4096, 512, False, 785 + 74 + 67),
    (ONE_B, 767, 14336, 512, False, 785 + 245 + 72),
    (ONE_B, 767, 4096, 512, True, 1231 + 74 + 67),
    (WIDE, 983, 4096, 512, False, 1002 + 74 + 68),
    (EIGHT_B, 4689, 14336, 128, False, 4708 + 960 + 32),
    (EIGHT_B, 4689, 14336, 32, False, 4708 + 960 + 10),
]


def machine(memory: float, available: float, disk: float = 100) -> Machine:
    return Machine(int(memory * GB), int(available * GB), int(disk * GB))


def test_the_kv_cache_of_the_8b_model_is_as_measured() -> None:
    assert LLAMA.kv_type == "q8_0"
    assert LLAMA.kv_bytes(1024) == 68 * 1024 * 1024
    half = replace(LLAMA, head=100)
    assert half.kv_type == "f16"


@pytest.mark.parametrize(("shape", "file", "context", "batch", "repack", "measured"), MEASURED)
def test_the_prediction_is_near_what_was_measured(
    shape: Shape, file: int, context: int, batch: int, repack: bool, measured: int
) -> None:
    """Both without the program itself."""
    empty = replace(shape, layers=0, tokens=0, width=0, inner=0, repacked=0)
    program = Setup(0, 0, False).bytes_for(empty, 0)
    predicted = Setup(context, batch, repack).bytes_for(shape, file * MIB) - program
    assert predicted == pytest.approx(measured * MIB, rel=0.04)


def test_without_flash_attention_the_scores_are_counted() -> None:
    """llama.cpp reserved 71.5 MiB for 32 heads and 4,096 tokens."""
    buffers = replace(ONE_B, head=50).buffer_bytes(512, 4096)
    assert 71.5 * MIB <= buffers < 90 * MIB


def test_what_memory_lacks_is_given_up_in_order() -> None:
    """The repacked copy first, then larger batches; what is left is all there is."""
    chosen = list(setups(800 * MIB, 4096, False))
    assert chosen == [
        Setup(4096, 512, True),
        Setup(4096, 512, False),
        Setup(4096, 128, False),
        Setup(4096, 32, False),
    ]
    needs = [setup.bytes_for(ONE_B, 800 * MIB) for setup in chosen]
    assert needs == sorted(needs, reverse=True)
    for setup, need in zip(chosen, needs, strict=True):
        assert choose(ONE_B, 800 * MIB, 4096, need, False) == setup
    assert choose(ONE_B, 800 * MIB, 4096, needs[-1] - 1, False) is None


def test_what_was_given_up_is_told() -> None:
    told = [given_up(800 * MIB, setup, False) for setup in setups(800 * MIB, 4096, False)]
    assert told[0] == "" and "second copy" in told[1] and "batches" not in told[1]
    assert "second copy of its weights and large batches (128 tokens" in told[2]
    assert given_up(Q4_K_M, Setup(4096, 128, False), False) == ""


def test_a_large_model_is_never_repacked_on_its_way() -> None:
    assert [setup.repack for setup in setups(Q4_K_M, 14336, False)] == [False, False]


def test_a_graphics_card_reads_large_batches_of_a_large_model_too() -> None:
    assert [setup.batch for setup in setups(Q4_K_M, 14336, True)] == [512, 128, 32]
    assert "large batches (128 tokens" in given_up(Q4_K_M, Setup(4096, 128, False), True)
    place = machine(16, 10)
    predicted = [fit(EIGHT_B, Q4_K_M, each).needed for each in (place, replace(place, graphics=8 * GB))]
    buffers = [EIGHT_B.buffer_bytes(batch, context_for(10_000)) for batch in (128, 512)]
    assert predicted[1] - predicted[0] == buffers[1] - buffers[0]


def test_a_tight_machine_gets_the_thrifty_setup() -> None:
    roomy = fit(ONE_B, 800 * MIB, machine(8, 6), words=2000)
    tight = fit(ONE_B, 800 * MIB, machine(8, 1.13), words=2000)
    assert roomy.setup is not None and tight.setup is not None
    assert roomy.setup.repack and not tight.setup.repack
    assert roomy.needed > tight.needed and tight.verdict is Verdict.FITS


def test_loading_uses_what_fit_chose_and_no_more_context_than_memory_holds() -> None:
    for memory, available in ((32, 24), (16, 10), (8, 6)):
        place = machine(memory, available)
        setup, found = setup_for(EIGHT_B, Q4_K_M, place, False), fit(EIGHT_B, Q4_K_M, place)
        assert setup is not None and found.setup is not None
        assert (setup.batch, setup.repack) == (found.setup.batch, found.setup.repack)
        assert found.context <= setup.context <= 131072
        assert setup.bytes_for(EIGHT_B, Q4_K_M) <= place.most
    assert setup.context < 131072  # 8 GB do not hold what the model was trained for
    assert setup_for(EIGHT_B, Q4_K_M, machine(4, 3), False) is None


def test_a_graphics_card_holds_what_memory_does_not() -> None:
    place = replace(machine(8, 6), graphics=24 * GB)
    assert fit(EIGHT_B, 16 * GB, machine(8, 6)).verdict is Verdict.TOO_LARGE
    assert fit(EIGHT_B, 16 * GB, place).verdict is Verdict.FITS


def test_a_model_of_a_short_context_can_be_loaded_for_what_it_can_write() -> None:
    short = replace(EIGHT_B, context=512)
    assert fit(short, Q4_K_M, machine(16, 10), words=0).verdict is Verdict.FITS
    assert fit(short, Q4_K_M, machine(16, 10), words=1000).verdict is Verdict.TOO_LARGE
    setup = setup_for(short, Q4_K_M, machine(16, 10), False)
    assert setup is not None and setup.context == 512


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


def test_the_header_tells_layers_and_what_is_repacked(tmp_path: Path) -> None:
    header = read_header(write_tiny_gguf(tmp_path / "tiny.gguf"))
    first, second, output = header.layers
    assert first == second == 4 * (2 * 64 + 4 * 64 * 64 + 3 * 64 * 96)
    assert output == 4 * (64 + 64 * int(header.metadata["tokenizer.ggml.tokens"]))
    assert header.repacked == 0  # nothing in 32 bits is
    header = read_header(write_synthetic_model(tmp_path / "synthetic.gguf", SHAPES["tiny"]))
    # A layer's Q4_K matrices: query and output in it are of other types where they are narrow.
    assert 0 < header.repacked < sum(header.layers)


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
