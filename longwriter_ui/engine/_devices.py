"""The graphics cards that llama.cpp would put layers on, and how much of their memory is free."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from longwriter_ui.engine._llama import llama, start

_GPU, _INTEGRATED = 1, 2  # of ggml_backend_dev_type


@dataclass(frozen=True)
class Device:
    """`free` and `total` in bytes; `shared`: they are bytes of the machine's own memory."""

    name: str
    free: int
    total: int
    shared: bool


def devices() -> tuple[Device, ...] | None:
    """The cards in use: those with memory of their own, else those that share the machine's. None where there are some
    of which llama.cpp does not tell; () where it computes on the CPU only."""
    start()
    if not llama.llama_supports_gpu_offload():
        return ()
    try:
        call = _functions()
    except (AttributeError, OSError, FileNotFoundError):
        return None
    pointers = [call["get"](number) for number in range(call["count"]())]
    kinds = [(pointer, call["type"](pointer)) for pointer in pointers]
    wanted = _GPU if any(kind == _GPU for _, kind in kinds) else _INTEGRATED
    return tuple(_device(call, pointer, wanted == _INTEGRATED) for pointer, kind in kinds if kind == wanted)


def _device(call: Mapping[str, Any], pointer: int, integrated: bool) -> Device:
    free, total = ctypes.c_size_t(0), ctypes.c_size_t(0)
    call["memory"](pointer, ctypes.byref(free), ctypes.byref(total))
    name, label = ((call[key](pointer) or b"").decode("utf-8", "replace") for key in ("description", "name"))
    # On a Mac the card is reported as one of its own, but shares the memory all the same.
    return Device(name, free.value, total.value, integrated or label.startswith(("Metal", "MTL")))


def _functions() -> Mapping[str, Any]:
    """What ggml knows of devices; llama_cpp has loaded it, but gives no names to this part of it."""
    from llama_cpp import _ctypes_extensions, _ggml

    # One library registers the devices, the other describes them; where symbols are not shared, each has its own.
    base = _ctypes_extensions.load_shared_library("ggml-base", _ggml.libggml_base_path)
    size = ctypes.POINTER(ctypes.c_size_t)
    signatures: Mapping[str, tuple[Any, Any, list[Any]]] = {
        "count": (_ggml.libggml, ctypes.c_size_t, []),
        "get": (_ggml.libggml, ctypes.c_void_p, [ctypes.c_size_t]),
        "type": (base, ctypes.c_int, [ctypes.c_void_p]),
        "name": (base, ctypes.c_char_p, [ctypes.c_void_p]),
        "description": (base, ctypes.c_char_p, [ctypes.c_void_p]),
        "memory": (base, None, [ctypes.c_void_p, size, size]),
    }
    found: dict[str, Any] = {}
    for name, (library, result, arguments) in signatures.items():
        function = found[name] = getattr(library, f"ggml_backend_dev_{name}")
        function.restype, function.argtypes = result, arguments
    return found
