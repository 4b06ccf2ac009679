"""Whether a model file still is what was downloaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.errors import ModelFileError
from longwriter_ui.weights.download import Verifying
from longwriter_ui.weights.partial import read_into, read_note
from longwriter_ui.weights.split import part_names


@dataclass(frozen=True)
class Verified:
    """No fault was found. `compared`: every byte was compared with a checksum; else none is known for the file."""

    path: Path
    compared: bool


def verify(path: Path, cancel: threading.Event) -> Iterator[Verifying | Verified]:
    """Compare a model's files with the checksums kept when they were downloaded; the last event is Verified, unless
    cancelled. ModelFileError names the file that is missing or has changed."""
    parts = [path.with_name(name) for name in part_names(path.name)]
    for part in parts:
        if not part.is_file():
            raise ModelFileError(f"There is no file {part}.", "Download the model again.")
    notes = [read_note(part) for part in parts]
    before, total = 0, sum(part.stat().st_size for part in parts)
    for part, note in zip(parts, notes, strict=True):
        if note is None:
            continue
        digest, done = hashlib.sha256(), 0
        for done in read_into(digest, part):
            if cancel.is_set():
                return
            yield Verifying(before + done, total)
        before += done
        if digest.hexdigest() != note.sha256:
            raise ModelFileError(
                f"{part.name} is damaged: its checksum is not the one it was downloaded with.",
                "Remove it and download it again.",
            )
    yield Verified(parts[0], all(note is not None for note in notes))
