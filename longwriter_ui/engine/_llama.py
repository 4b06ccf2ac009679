"""llama.cpp through ctypes: what needs care before the engine can rely on it. The only importer of `llama_cpp`."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import llama_cpp as llama
import psutil

from longwriter_ui.engine.base import Cancel
from longwriter_ui.errors import EngineError

_WARNING_OR_ERROR = (3, 4)  # of ggml_log_level, which llama_cpp does not name
_POLL_SECONDS = 0.05  # how often a running computation looks whether it was cancelled
_TINY_MODEL = 64 << 20  # bytes of weights
_starting = threading.Lock()
_FEATURES = ("AVX2", "AVX512", "AMX_INT8", "NEON", "DOTPROD", "MATMUL_INT8", "SVE", "RISCV_V")


def configure(parameters: ctypes.Structure, **values: object) -> None:
    """Set fields of a parameter structure. ctypes takes any attribute without complaint, and llama.cpp renames its
    fields now and then, so a field that this version does not have is an error."""
    known = {field[0] for field in parameters._fields_}
    for name, value in values.items():
        if name not in known:
            raise EngineError(
                f"This version of llama.cpp has no setting {name!r}.",
                "Install the version of llama-cpp-python that requirements.txt names.",
            )
        setattr(parameters, name, value)


class Log:
    """The last lines that llama.cpp logged as warnings or errors; nothing is printed."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=8)
        self._callback = llama.llama_log_callback(self._take)
        llama.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _take(self, level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level in _WARNING_OR_ERROR and line.strip("."):
            self._lines.append(line)

    def clear(self) -> None:
        self._lines.clear()

    @property
    def text(self) -> str:
        return " ".join(self._lines)


def start() -> Log:
    """Start llama.cpp, once in a process, with its log kept quiet."""
    with _starting:  # of two logs made at once the second would go, and llama.cpp call what is no longer there
        return _log()


@cache
def _log() -> Log:
    log = Log()
    llama.llama_backend_init()
    return log


class Abort:
    """Lets a cancel event stop a computation inside llama.cpp.

    llama.cpp calls the abort function after each node of its graph, hundreds of times a token; a Python function there
    would cost a fifth of a small model's speed. `strlen` has the right shape and needs no Python: it is 0, "go on",
    for an empty string, and not for "x". A thread watches the event and writes that letter.
    """

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        self._function = ctypes.cast(library.strlen, llama.ggml_abort_callback)

    def attach(self, context: Any) -> None:
        llama.llama_set_abort_callback(context, self._function, ctypes.cast(self._flag, ctypes.c_void_p))

    @contextmanager
    def watching(self, cancel: Cancel) -> Iterator[None]:
        """Within this context a cancel stops what llama.cpp is computing."""
        done = threading.Event()
        self._flag.value = b""

        def watch() -> None:
            while not done.wait(_POLL_SECONDS):
                if cancel.is_set():
                    self._flag.value = b"x"
                    return

        thread = threading.Thread(target=watch, name="llama-cancel", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self._flag.value = b""


def suitable_threads(model: Any) -> int:
    """Threads to compute with. A tiny model gets one: its threads would wait for each other longer than they compute,
    and on a busy machine a hundred times longer."""
    return 1 if llama.llama_model_size(model) < _TINY_MODEL else cores()


def cores() -> int:
    """The cores this process may use, hyper-threads not counted, since a second thread on a core makes decoding
    slower."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def backend(gpu: bool) -> str:
    """What computes, such as "CPU (AVX2, AVX512)" or "Metal"."""
    devices = re.findall(r"(\w+) : ((?:\w+ = \w+ \| ?)*)", llama.llama_print_system_info().decode())
    accelerators = [name for name, _ in devices if name != "CPU"]
    if gpu and accelerators:
        return ", ".join(accelerators)
    features = [name for device, text in devices if device == "CPU" for name in re.findall(r"(\w+) = 1", text)]
    known = [name for name in _FEATURES if name in features]
    return f"CPU ({', '.join(known)})" if known else "CPU"
