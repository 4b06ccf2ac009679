"""The header of a GGUF file, read without loading weights: what the model is, and whether the file is whole."""

from __future__ import annotations

import hashlib
import math
import mmap
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.errors import ModelFileError

# fmt: off
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
# Type of a tensor -> (values in a block, bytes of a block).
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54),
    35: (256, 66), 39: (32, 17),
}
# fmt: on
_LAYER = re.compile(r"blk\.(\d+)\.")
_VOCABULARY = ("tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type")


_MOST_LAYERS = 10_000  # a damaged number would fill the memory
_MOST_DIMENSIONS = 8  # of a tensor; ggml has four

# Types that llama.cpp can repack on a processor of today.
_REPACKED = (2, 10, 12, 20, 39)


@dataclass(frozen=True)
class Weight:
    """A tensor: its name, type, number of dimensions and bytes."""

    name: str
    kind: int
    dimensions: int
    size: int


@dataclass(frozen=True)
class Header:
    """`metadata` holds single values; arrays are there as their lengths. `vocabulary` is a hash of the tokens and
    their types, empty without a tokenizer. `size` is the length in bytes that a whole file has at least;
    `name` is what the model calls itself, else the file's name; `weights` are the tensors in this file."""

    metadata: Mapping[str, str | int | float | bool]
    tensors: int
    vocabulary: str
    size: int
    name: str
    weights: tuple[Weight, ...] = ()

    @property
    def demonstration(self) -> bool:
        """Whether this is the small model that comes with the application."""
        return "demonstration" in self.name.lower()

    @property
    def repacked(self) -> int:
        """Bytes of the weights that llama.cpp holds a second time when it repacks them."""
        kinds = [w for w in self.weights if w.kind in _REPACKED and w.dimensions > 1]
        return sum(weight.size for weight in kinds if weight.name != "token_embd.weight")

    @property
    def layers(self) -> tuple[int, ...]:
        """Bytes of each layer, and at the end of what follows them all; the embedding, which comes before, is left
        out."""
        count = self.number("block_count")
        sizes = [0] * (count + 1)
        for weight in self.weights:
            match = _LAYER.match(weight.name)
            if match is not None and int(match[1]) < count:
                sizes[int(match[1])] += weight.size
            elif match is None and weight.name != "token_embd.weight":
                sizes[count] += weight.size
        return tuple(sizes)

    def number(self, key: str, default: int = 0) -> int:
        """A number that the architecture names, such as "context_length"."""
        return number_of(self.metadata, f"{self.metadata.get('general.architecture')}.{key}", default)


def number_of(metadata: Mapping[str, object], key: str, default: int = 0) -> int:
    """A whole number of the metadata; `default` where there is none, or something that is no number."""
    value = metadata.get(key, default)
    return int(value) if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)) else default


def read_header(path: Path) -> Header:
    """Read and check the header; ModelFileError when there is no such file, it is no GGUF, or it ends too early."""
    try:
        if path.is_dir():
            raise ModelFileError(f"{path} is a folder.", "Choose a file in it whose name ends in .gguf.")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelFileError(
                    f"{path.name} is not a GGUF file.", "Choose a model in GGUF format; its name ends in .gguf."
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                header = _Reader(data, path).header()
                length = len(data)
    except FileNotFoundError as error:
        raise ModelFileError(f"There is no file {path}.", "Check the path to the model.") from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}.", "Choose a model file in GGUF format.") from error
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise _incomplete(path, "its header breaks off") from error
    if length < header.size:
        raise _incomplete(path, f"it has {length:,} of {header.size:,} bytes")
    return header


def check_usable(header: Header, path: Path) -> None:
    """ModelFileError when the file is no model that can write, as far as its header tells."""
    if not header.metadata.get("general.architecture"):
        raise ModelFileError(f"{path.name} does not say what kind of model it is.", "Download the file again.")
    if header.metadata.get("tokenizer.ggml.model", "none") in ("none", "no_vocab") or not header.vocabulary:
        raise ModelFileError(f"{path.name} has no tokenizer.", "Choose a complete GGUF of a text model.")
    # The first file of a model in several files may hold no weights itself.
    if not header.tensors and number_of(header.metadata, "split.count") < 2:
        raise ModelFileError(
            f"{path.name} holds a vocabulary but no weights.", "Choose a complete GGUF of a text model."
        )


def _incomplete(path: Path, how: str) -> ModelFileError:
    return ModelFileError(f"{path.name} is incomplete or damaged: {how}.", "Download the file again.")


class _Reader:
    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data, self._at, self._path = data, 4, path

    def header(self) -> Header:
        version = self._scalar("<I")
        if version not in (2, 3):
            raise ModelFileError(
                f"{self._path.name} is GGUF version {version}, which llama.cpp does not read.",
                "Download a newer GGUF of this model.",
            )
        tensors, entries = self._scalar("<Q"), self._scalar("<Q")
        metadata: dict[str, str | int | float | bool] = {}
        vocabulary = hashlib.sha256()
        for _ in range(entries):
            key, kind, start = self._string(), self._scalar("<I"), self._at
            metadata[key] = self._value(kind)
            if key in _VOCABULARY:
                vocabulary.update(self._data[start : self._at])
        weights = [self._tensor() for _ in range(tensors)]
        end = max((offset + weight.size for weight, offset in weights), default=0)
        alignment = number_of(metadata, "general.alignment", 32) or 32
        start = -(-self._at // alignment) * alignment
        named = "tokenizer.ggml.tokens" in metadata
        header = Header(
            metadata,
            tensors,
            vocabulary.hexdigest()[:16] if named else "",
            start + end if tensors else 0,
            str(metadata.get("general.name") or self._path.stem),
            tuple(weight for weight, _ in weights),
        )
        if not 0 <= header.number("block_count") <= _MOST_LAYERS:
            raise _incomplete(self._path, f"it names {header.number('block_count'):,} layers")
        return header

    def _tensor(self) -> tuple[Weight, int]:
        """The tensor, and where it begins, from the start of the data; for an unknown type it has no size."""
        name = self._string()
        dimensions = self._scalar("<I")
        if dimensions > _MOST_DIMENSIONS:
            raise _incomplete(self._path, f"it holds a tensor of {dimensions:,} dimensions")
        shape = [self._scalar("<Q") for _ in range(dimensions)]
        kind, offset = self._scalar("<I"), self._scalar("<Q")
        values = 1
        for size in shape:
            values *= size
        block, width = _BLOCKS.get(kind, (1, 0))
        return Weight(name, kind, len(shape), values // block * width), offset

    def _value(self, kind: int) -> str | int | float | bool:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._scalar(_SCALARS[kind]) if kind in _SCALARS else self._unknown(kind)
        item, count = self._scalar("<I"), self._scalar("<Q")
        if item == _STRING:
            unpack, data, at = struct.Struct("<Q").unpack_from, self._data, self._at
            for _ in range(count):
                at += 8 + unpack(data, at)[0]
            self._at = at
        elif item in _SCALARS:
            self._at += count * struct.calcsize(_SCALARS[item])
        else:
            self._unknown(item)
        if self._at > len(self._data):
            raise struct.error("array beyond the end")
        return count

    def _unknown(self, kind: int) -> int:
        raise _incomplete(self._path, f"its header holds a value of unknown type {kind}")

    def _scalar(self, form: str) -> int:
        value = struct.unpack_from(form, self._data, self._at)[0]
        self._at += struct.calcsize(form)
        return value

    def _string(self) -> str:
        length = self._scalar("<Q")
        if self._at + length > len(self._data):
            raise struct.error("string beyond the end")
        text = self._data[self._at : self._at + length].decode("utf-8", "replace")
        self._at += length
        return text
