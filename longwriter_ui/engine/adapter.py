"""A LoRA adapter: a small file of changes to a model's weights, applied while it computes, at a scale.

Named on the command line and in the settings as `PATH[:SCALE]`; 1.0 is the strength it was trained at.
"""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.engine.header import Header, read_header
from longwriter_ui.errors import ModelFileError

_SAMPLES, _SAMPLE = 64, 4096  # pieces of a file that are hashed, and their bytes


@dataclass(frozen=True)
class Adapter:
    """The file, resolved, and how strongly it is applied."""

    path: Path
    scale: float = 1.0

    @property
    def label(self) -> str:
        """What it adds to the name of the model it is applied to."""
        return self.path.stem + (f" x {self.scale:g}" if self.scale != 1.0 else "")

    @property
    def identity(self) -> str:
        """Tells files and scales apart, for what was computed with them."""
        return f"{self.path.name}:{self.scale:g} ({identity(self.path)[:12]})"


def parse_adapter(text: str) -> Adapter:
    """`PATH[:SCALE]`; a colon that no number follows belongs to the path. ModelFileError for a scale that is none."""
    given = text.strip().strip("\"'")
    path, _, tail = given.rpartition(":")
    try:
        scale = float(tail)
    except ValueError:
        path, scale = given, 1.0
    if not path.strip(":") or not math.isfinite(scale):
        raise ModelFileError(f"{text!r} names no adapter.", "Give the path of a .gguf file, and a scale such as :0.5.")
    try:
        return Adapter(Path(path).expanduser().resolve(), scale)
    except RuntimeError as error:  # nobody's home
        raise ModelFileError(f"There is no adapter {path}.", "Check the path to the adapter.") from error


def check_adapter(adapter: Adapter, model: Header) -> None:
    """ModelFileError when the file is no adapter for this model, as far as its header tells."""
    name = adapter.path.name
    with suppress(OSError):  # of a name that no file can have; reading it tells
        if not adapter.path.exists():
            raise ModelFileError(f"There is no adapter {adapter.path}.", "Check the path to the adapter.")
    header = read_header(adapter.path)
    kinds = header.metadata.get("general.type"), header.metadata.get("adapter.type")
    if kinds != ("adapter", "lora"):
        raise ModelFileError(f"{name} is no LoRA adapter.", "To write with a whole model, choose it as the model.")
    made, needed = header.metadata.get("general.architecture"), model.metadata.get("general.architecture")
    if made != needed:
        raise ModelFileError(
            f"{name} was made for models of the architecture {made!r}, and {model.name} has {needed!r}.",
            "Use it with the model it was trained on.",
        )


def identity(path: Path) -> str:
    """Tells model files apart, wherever they lie: a hash of the size and of pieces from all over the file."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for i in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE) * i // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()
