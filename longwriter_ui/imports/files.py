"""Bytes of a file, never more than a limit, and the text in them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longwriter_ui.errors import ImportRefused

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def refuse_folder(path: Path) -> None:
    """ImportRefused when it is a folder, or a name that nothing can have."""
    with _translated(path):
        if path.is_dir():
            raise ImportRefused(f"{path} is a folder.", "Give the file itself.")


def read(path: Path, limit: int) -> bytes:
    """The file `path`; ImportRefused when it cannot be read or has more than `limit` bytes."""
    with _translated(path):
        if not path.is_file():
            raise ImportRefused(f"There is no file {path}.", "Check the name.")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise ImportRefused(
            f"{path.name} is larger than {limit // 2**20} MB, the most that can be read.", "Divide it into parts."
        )
    return data


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or what was usual before: GB 18030 for Chinese, else Windows
    Latin. ImportRefused for anything else."""
    encodings = [name for mark, name in _MARKS if data.startswith(mark)]
    if not encodings:
        chinese = sum(byte >= 0x80 for byte in data[:10_000]) > 0.3 * len(data[:10_000])
        encodings = ["utf-8", "gb18030" if chinese else "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ImportRefused("The file is no text in a known encoding.", "Save it as UTF-8 and try again.")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImportRefused(
            f"{path} cannot be read: {error.strerror or error}.", "Check its name and its permissions."
        ) from error
