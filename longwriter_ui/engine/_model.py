"""Opening a model file, and a context for it, with an error that says what is wrong when that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from longwriter_ui.engine._llama import configure, llama, start
from longwriter_ui.engine.header import Header, read_header
from longwriter_ui.errors import EngineError, ModelFileError

_SMALL_KV = 256 << 20  # bytes


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


def open_context(model: Any, size: int, threads: int, batch: int, kv_type: int) -> Any:
    """A context of `size` tokens for one sequence; EngineError when it cannot be had."""
    log = start()
    log.clear()
    parameters = llama.llama_context_default_params()
    configure(
        parameters,
        n_ctx=size,
        n_batch=batch,
        n_ubatch=batch,
        n_seq_max=1,
        n_threads=threads,
        n_threads_batch=threads,
        type_k=kv_type,
        type_v=kv_type,
        kv_unified=True,
        # A sliding-window model would otherwise forget what a shorter prefix needs.
        swa_full=True,
        no_perf=True,
    )
    if kv_type != llama.GGML_TYPE_F16:
        # llama.cpp quantises the values of the KV cache only with flash attention.
        configure(parameters, flash_attn_type=llama.LLAMA_FLASH_ATTN_TYPE_ENABLED)
    context = llama.llama_init_from_model(model, parameters)
    if not context:
        raise EngineError(
            f"A context of {size:,} tokens cannot be had: {log.text}",
            "Ask for a shorter piece, close other programs to free memory, or choose a smaller model.",
        )
    return context


def kv_type(model: Any, header: Header, limit: int) -> int:
    """q8_0 halves the memory that a long draft needs and costs a little exactness. So a model whose cache is small
    anyway keeps f16, and q8_0 is for the others, where its blocks of 32 values fit the heads. This is decided for the
    longest context the model may get, so that the cache keeps its type, and what it holds, while it grows."""
    heads, kv_heads = llama.llama_model_n_head(model), llama.llama_model_n_head_kv(model)
    width = llama.llama_model_n_embd(model) // max(heads, 1)
    key, value = header.number("attention.key_length", width), header.number("attention.value_length", width)
    size = 2 * llama.llama_model_n_layer(model) * kv_heads * (key + value) * limit
    if size < _SMALL_KV or key % 32 or value % 32:
        return llama.GGML_TYPE_F16
    return llama.GGML_TYPE_Q8_0
