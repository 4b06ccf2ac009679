from __future__ import annotations

from pathlib import Path

import pytest

from longwriter_ui.errors import ModelFileError
from longwriter_ui.weights.library import Library
from longwriter_ui.weights.split import is_later_part, part_names


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for folder in ("downloads", "shipped", "elsewhere"):
        (tmp_path / folder).mkdir()
    return Library(tmp_path / "downloads", [tmp_path / "shipped"], tmp_path / "added.json")


def put(path: Path, size: int = 10) -> Path:
    path.write_bytes(b"x" * size)
    return path


def names(library: Library) -> list[str]:
    return [model.path.name for model in library.models()]


def test_models_of_all_places_by_name(library: Library, tmp_path: Path) -> None:
    put(tmp_path / "shipped" / "demo.gguf")
    put(tmp_path / "downloads" / "Big.gguf")
    put(tmp_path / "downloads" / "half.gguf.part")
    library.add(put(tmp_path / "elsewhere" / "mine.gguf"))
    assert names(library) == ["Big.gguf", "demo.gguf", "mine.gguf"]
    assert [model.ours for model in library.models()] == [True, False, False]


def test_there_may_be_nothing(tmp_path: Path) -> None:
    assert Library(tmp_path / "a", [tmp_path / "b"], tmp_path / "c.json").models() == []


def test_a_split_model_is_one(library: Library, tmp_path: Path) -> None:
    parts = [put(tmp_path / "downloads" / name, 7) for name in part_names("m-00001-of-00003.gguf")]
    (model,) = library.models()
    assert model.path == parts[0] and model.size == 21 and model.missing == ()
    parts[2].unlink()
    (model,) = library.models()
    assert model.missing == ("m-00003-of-00003.gguf",)


def test_a_later_part_stands_for_its_model(library: Library, tmp_path: Path) -> None:
    for name in part_names("m-00001-of-00002.gguf"):
        put(tmp_path / "elsewhere" / name)
    assert library.add(tmp_path / "elsewhere" / "m-00002-of-00002.gguf").path.name == "m-00001-of-00002.gguf"


def test_a_file_that_is_not_there_is_not_added(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no file"):
        library.add(tmp_path / "none.gguf")


def test_an_added_file_that_went_away_is_not_listed(library: Library, tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere" / "mine.gguf")
    library.add(path)
    library.add(path)
    assert names(library) == ["mine.gguf"]
    path.unlink()
    assert names(library) == []


def test_removing_deletes_what_was_downloaded_with_its_note(library: Library, tmp_path: Path) -> None:
    for name in part_names("m-00001-of-00002.gguf"):
        put(tmp_path / "downloads" / name)
        put(tmp_path / "downloads" / f"{name}.json")
    assert library.remove(library.models()[0])
    assert list((tmp_path / "downloads").iterdir()) == []


def test_removing_only_forgets_what_was_added(library: Library, tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere" / "mine.gguf")
    assert not library.remove(library.add(path))
    assert path.exists() and names(library) == []


def test_what_came_with_the_application_is_left_alone(library: Library, tmp_path: Path) -> None:
    path = put(tmp_path / "shipped" / "demo.gguf")
    with pytest.raises(ModelFileError, match="left alone"):
        library.remove(library.models()[0])
    assert path.exists()


def test_an_unfinished_download_is_counted_and_discarded(library: Library, tmp_path: Path) -> None:
    put(tmp_path / "downloads" / "m-00001-of-00002.gguf.part", 5)
    put(tmp_path / "downloads" / "m-00002-of-00002.gguf.part", 6)
    put(tmp_path / "downloads" / "m-00001-of-00002.gguf.part.json")
    assert library.unfinished("sub/m-00001-of-00002.gguf") == 11
    library.discard("sub/m-00001-of-00002.gguf")
    assert library.unfinished("m-00001-of-00002.gguf") == 0
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_damaged_list_costs_the_list_only(library: Library, tmp_path: Path) -> None:
    put(tmp_path / "downloads" / "a.gguf")
    for text in ("{", "3", '[1, "x"]'):
        (tmp_path / "added.json").write_text(text)
        assert names(library) == ["a.gguf"]


def test_names_of_parts() -> None:
    assert part_names("a.gguf") == ("a.gguf",)
    assert part_names("a-00002-of-00002.gguf") == ("a-00001-of-00002.gguf", "a-00002-of-00002.gguf")
    assert is_later_part("a-00002-of-00002.gguf") and not is_later_part("a-00001-of-00002.gguf")
