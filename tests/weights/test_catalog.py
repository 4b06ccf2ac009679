from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.engine.templates import NAMES
from longwriter_ui.errors import CatalogError
from longwriter_ui.paths import MODELS
from longwriter_ui.weights.catalog import load_catalog

BUILT_IN = MODELS / "catalog.toml"


def test_the_known_models_say_what_a_person_needs() -> None:
    catalog = load_catalog(BUILT_IN)
    assert len(catalog.entries) >= 5
    for entry in catalog.entries:
        assert entry.name and entry.about and entry.licence
        assert entry.build().quant == entry.default
        if entry.id != "demo":
            assert entry.repository.count("/") == 1 and entry.template in NAMES and entry.shape is not None
            assert entry.build().size


def test_longwriter_has_its_published_builds() -> None:
    entry = load_catalog(BUILT_IN).entry("LongWriter-Llama3.1-8B")
    assert entry.build("q6_k").file == "LongWriter-llama3.1-8b-Q6_K.gguf"
    assert entry.build().size == 4_920_000_000
    assert entry.template == "longwriter-llama3"


def test_what_is_not_known_is_answered_with_what_is() -> None:
    catalog = load_catalog(BUILT_IN)
    with pytest.raises(CatalogError) as caught:
        catalog.entry("gpt-9")
    assert "longwriter-llama3.1-8b" in caught.value.hint
    with pytest.raises(CatalogError) as caught:
        catalog.entry("longwriter-llama3.1-8b").build("Q1")
    assert "Q4_K_M" in caught.value.hint


def test_a_file_on_disk_is_recognised_by_its_name() -> None:
    catalog = load_catalog(BUILT_IN)
    found = catalog.of_file("LongWriter-llama3.1-8b-Q5_K_M.gguf")
    assert found is not None and found[0].id == "longwriter-llama3.1-8b" and found[1].quant == "Q5_K_M"
    assert catalog.of_file("unknown.gguf") is None


def test_ones_own_entries_are_added_and_replace(tmp_path: Path) -> None:
    own = tmp_path / "catalog.toml"
    own.write_text(
        '[mine]\nname = "Mine"\nrepository = "me/mine"\nfile = "sub/mine-{quant}.gguf"\n'
        "sizes = { Q4_0 = 0, Q8_0 = 1.5 }\n"
        '[qwen3-4b-instruct]\nname = "Other"\nrepository = "me/other"\nfile = "o.gguf"\nsizes = { Q8_0 = 1 }\n',
        encoding="utf-8",
    )
    catalog = load_catalog(BUILT_IN, own)
    mine = catalog.entry("mine")
    assert mine.default == "Q4_0" and mine.build().size is None and mine.shape is None
    assert catalog.entry("qwen3-4b-instruct").name == "Other"
    assert catalog.of_file("mine-Q8_0.gguf") == (mine, mine.build("Q8_0"))


def test_no_file_of_ones_own_is_no_problem(tmp_path: Path) -> None:
    assert load_catalog(BUILT_IN, tmp_path / "none.toml").entries == load_catalog(BUILT_IN).entries


@pytest.mark.parametrize(
    "text",
    [
        "[mine",
        "[mine]\n",
        "mine = 3\n",
        '[mine]\nfile = "a.gguf"\nsizes = 3\n',
        '[mine]\nfile = "a.bin"\nsizes = { Q8_0 = 1 }\n',
        '[mine]\nfile = "a.gguf"\nsizes = { Q8_0 = "big" }\n',
        '[mine]\nfile = "a.gguf"\ndefault = "Q4"\nsizes = { Q8_0 = 1 }\n',
        '[mine]\nfile = "a.gguf"\nsizes = { Q8_0 = 1 }\nshape = { layers = 3 }\n',
        '[mine]\nfile = "a.gguf"\nsizes = {}\n',
    ],
)
def test_a_wrong_catalogue_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(path)
    assert str(path) in caught.value.message
