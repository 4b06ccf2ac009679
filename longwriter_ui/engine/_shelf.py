"""KV caches on disk, one for each draft, so that reopening a draft does not read it again.

A state is two files: what llama.cpp writes, and a note of what it belongs to: the model file, the adapter, the
settings of the context, the tokens, and a hash of the state itself. What does not match in every point is ignored and
said in the log; it is never trusted. The shelf keeps to a limit of bytes: what was used longest ago goes first. What a
killed process left half written is deleted with the next state that is kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from longwriter_ui.engine._context import Context
from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.adapter import Adapter, identity
from longwriter_ui.engine.cache import common_prefix

_log = logging.getLogger(__name__)

_PIECE = 1 << 22


class StateShelf:
    """The saved states of one model in `folder`; at most `limit` bytes, whatever their model."""

    def __init__(self, folder: Path, limit: int, model: Path, adapter: Adapter | None = None) -> None:
        self._folder, self._limit, self._identity = folder, limit, identity(model)
        self._adapter = adapter.identity if adapter else ""
        self._kept: tuple[str, str] | None = None  # name and hash of what is on disk and in the context alike

    def save(self, context: Context, name: str) -> None:
        """Keep what is in the context under `name`; a disk that does not take it is no error."""
        tokens = list(context.tokens)
        if not tokens or self._kept == (name, _hash_of(tokens)):
            return
        state, note = self._paths(name)
        temporary = state.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            note.unlink(missing_ok=True)
            self._sweep()
            size = context.state_size()
            if size > self._limit or size > shutil.disk_usage(self._folder).free // 2:
                _log.info("The state of %s is not kept: there is no room for its %d bytes.", name, size)
                return
            if not context.save(temporary, tokens):
                raise OSError("llama.cpp could not write it")
            text = json.dumps({**self._key(context, tokens), "state": _hash_file(temporary)})
            temporary.replace(state)
            note.write_text(text, encoding="utf-8")
            self._kept = (name, _hash_of(tokens))
            self._shrink(state)
        except OSError as error:
            _log.warning("The state of %s could not be kept: %s", name, error)
            temporary.unlink(missing_ok=True)

    def restore(self, context: Context, name: str, prompt: Sequence[int]) -> bool:
        """Bring back what was kept under `name`; False, and the context as it was, where it cannot be used or has no
        more of `prompt` than the context has."""
        state, note = self._paths(name)
        if not note.exists():
            return False
        try:
            found = json.loads(note.read_text(encoding="utf-8"))
            expected = self._key(context, None)
            differing = [key for key in expected if not isinstance(found, dict) or found.get(key) != expected[key]]
            if differing:
                return self._ignored(name, f"another {' and '.join(differing)}")
            kept = found.get("tokens")
            if not isinstance(kept, list) or len(kept) > context.limit:
                return self._ignored(name, "it is too long for this context")
            if common_prefix(kept, prompt) <= context.reusable(prompt):
                return False
            if found.get("state") != _hash_file(state):
                return self._ignored(name, "it is damaged")
            context.grow(len(kept))
            tokens = context.load(state, len(kept))
        except (OSError, ValueError) as error:
            return self._ignored(name, str(error))
        if tokens is None or tokens != kept:
            context.cut(0)
            return self._ignored(name, "llama.cpp does not take it")
        self._kept = (name, _hash_of(tokens))
        os.utime(state)
        return True

    def _paths(self, name: str) -> tuple[Path, Path]:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
            raise ValueError(f"{name!r} cannot name a file")
        return self._folder / f"{name}.kv", self._folder / f"{name}.json"

    def _key(self, context: Context, tokens: list[int] | None) -> dict[str, object]:
        key: dict[str, object] = {"model": self._identity, "adapter": self._adapter, "settings": context.settings()}
        return key if tokens is None else {**key, "tokens": tokens}

    def _ignored(self, name: str, why: str) -> bool:
        _log.warning("The kept state of %s is ignored: %s.", name, why)
        return False

    def _sweep(self) -> None:
        """Delete what a process that is gone had not finished writing; it may be as large as a state."""
        for path in self._folder.glob("*.*.tmp"):
            with suppress(OSError):  # another process was faster, or has it open
                if _abandoned(path):
                    path.unlink()

    def _shrink(self, newest: Path) -> None:
        """Delete what was used longest ago until the limit is kept."""
        states = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob("*.kv"))
        total = sum(size for _, size, _ in states)
        for _, size, path in states:
            if total <= self._limit or path == newest:
                continue
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            total -= size


def _abandoned(path: Path) -> bool:
    """Whether nobody is writing this temporary file any more: its process is gone, or began after it and so only has
    the same number, as the first process in a container always has."""
    number = path.suffixes[-2][1:]
    try:
        return not number.isdecimal() or path.stat().st_mtime < psutil.Process(int(number)).create_time()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _hash_of(tokens: list[int]) -> str:
    return hashlib.sha256(bytes((llama.llama_token * len(tokens))(*tokens))).hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
