from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from longwriter_ui.errors import ModelFileError
from longwriter_ui.weights.download import Verifying
from longwriter_ui.weights.hub import RemoteFile
from longwriter_ui.weights.partial import write_note
from longwriter_ui.weights.split import part_names
from longwriter_ui.weights.verify import Verified, verify


def put(path: Path, data: bytes = b"model") -> Path:
    path.write_bytes(data)
    write_note(path, RemoteFile("a/b", path.name, "c" * 40, len(data), hashlib.sha256(data).hexdigest()))
    return path


def run(path: Path) -> list[Verifying | Verified]:
    return list(verify(path, threading.Event()))


def test_a_whole_file(tmp_path: Path) -> None:
    path = put(tmp_path / "m.gguf")
    assert run(path) == [Verifying(5, 5), Verified(path, compared=True)]


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    path = put(tmp_path / "m.gguf")
    path.write_bytes(b"mOdel")
    with pytest.raises(ModelFileError, match="damaged"):
        run(path)


def test_a_file_of_unknown_origin_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"model")
    assert run(path) == [Verified(path, compared=False)]


def test_every_part_is_compared(tmp_path: Path) -> None:
    paths = [put(tmp_path / name) for name in part_names("m-00001-of-00002.gguf")]
    assert run(paths[1])[-1] == Verified(paths[0], compared=True)
    paths[1].write_bytes(b"mOdel")
    with pytest.raises(ModelFileError, match="00002-of-00002"):
        run(paths[0])
    paths[1].unlink()
    with pytest.raises(ModelFileError, match="no file"):
        run(paths[0])


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    assert list(verify(put(tmp_path / "m.gguf"), cancel)) == []
