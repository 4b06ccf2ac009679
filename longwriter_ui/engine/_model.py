"""Opening a model file, with an error that says what is wrong where that fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from longwriter_ui.engine._llama import configure, llama, start
from longwriter_ui.engine.adapter import Adapter, check_adapter
from longwriter_ui.engine.base import Proceed
from longwriter_ui.engine.header import Header, check_usable, read_header
from longwriter_ui.engine.usual import usually_repacked
from longwriter_ui.errors import LoadCancelled, ModelFileError, NotEnoughMemory

_SHORT = re.compile("alloc|out of memory|OutOfDeviceMemory|cannot mmap", re.IGNORECASE)  # in what llama.cpp logs


def open_model(
    path: Path, gpu_layers: int, proceed: Proceed | None = None, repack: bool | None = None
) -> tuple[Header, Any]:
    """The header and the llama.cpp model of a file that holds weights and a tokenizer; ModelFileError for others, and
    NotEnoughMemory. `repack`: with a second copy of the weights, which reads faster (None: unless the file is large).
    `proceed` hears which share is loaded, from 0 to 1, and may answer False: LoadCancelled."""
    header = read_header(path)
    check_usable(header, path)
    name, architecture = path.name, header.metadata["general.architecture"]
    log = start()
    log.clear()
    parameters = llama.llama_model_default_params()
    copy = usually_repacked(header.size) if repack is None else repack
    configure(parameters, n_gpu_layers=gpu_layers, use_extra_bufts=copy)
    stopped = False

    def hear(share: float, _: object) -> bool:
        nonlocal stopped
        stopped = stopped or (proceed is not None and not proceed(share))
        return not stopped

    callback = llama.llama_progress_callback(hear)  # referred to until loading is over
    configure(parameters, progress_callback=callback)
    model = llama.llama_model_load_from_file(str(path).encode(), parameters)
    if model:
        return header, model
    if stopped:
        raise LoadCancelled(f"Loading {name} was cancelled.", retryable=True)
    if "unknown model architecture" in log.text:
        raise ModelFileError(
            f"{name} is a model of the architecture {architecture!r}, which this version of llama.cpp cannot run.",
            "Choose another model, or update llama-cpp-python.",
        )
    if _SHORT.search(log.text):
        raise NotEnoughMemory(
            f"There is not enough memory to load {name}: {log.text}",
            "Close other programs, or choose a smaller model or build.",
        )
    raise ModelFileError(f"llama.cpp cannot load {name}: {log.text}", "Download the file again, or choose another.")


def open_adapter(model: Any, header: Header, adapter: Adapter) -> Any:
    """The llama.cpp adapter, which is freed with the model; ModelFileError when it is none, is damaged, or was made for
    another model."""
    check_adapter(adapter, header)
    log = start()
    log.clear()
    pointer = llama.llama_adapter_lora_init(model, str(adapter.path).encode())
    if not pointer:
        raise ModelFileError(
            f"The adapter {adapter.path.name} does not fit {header.name}: {log.text}",
            "Use it with the model it was trained on, or make it anew.",
        )
    return pointer
