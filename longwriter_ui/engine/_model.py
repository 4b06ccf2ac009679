"""Opening a model file, with an error that says what is wrong where that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from longwriter_ui.engine._llama import configure, llama, start
from longwriter_ui.engine.header import Header, read_header
from longwriter_ui.errors import ModelFileError


def open_model(path: Path, gpu_layers: int) -> tuple[Header, Any]:
    """The header and the llama.cpp model of a file that holds weights and a tokenizer; ModelFileError for others."""
    header = read_header(path)
    name, architecture = path.name, header.metadata.get("general.architecture")
    if not architecture:
        raise ModelFileError(f"{name} does not say what kind of model it is.", "Download the file again.")
    if header.metadata.get("tokenizer.ggml.model", "none") in ("none", "no_vocab") or not header.vocabulary:
        raise ModelFileError(f"{name} has no tokenizer.", "Choose a complete GGUF of a text model.")
    if not header.tensors:
        raise ModelFileError(f"{name} holds a vocabulary but no weights.", "Choose a complete GGUF of a text model.")
    log = start()
    log.clear()
    parameters = llama.llama_model_default_params()
    configure(parameters, n_gpu_layers=gpu_layers)
    model = llama.llama_model_load_from_file(str(path).encode(), parameters)
    if model:
        return header, model
    if "unknown model architecture" in log.text:
        raise ModelFileError(
            f"{name} is a model of the architecture {architecture!r}, which this version of llama.cpp cannot run.",
            "Choose another model, or update llama-cpp-python.",
        )
    raise ModelFileError(f"llama.cpp cannot load {name}: {log.text}", "Download the file again, or choose another.")
