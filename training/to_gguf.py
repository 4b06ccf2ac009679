"""Tuned models and LoRA adapters as GGUF, and their check against llama.cpp.

A whole model is written after the pattern of the GGUF of its base: its metadata and vocabulary as they are, with the
new weights. Only the llama architecture, which LongWriter-llama3.1-8b and our own models have.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import numpy as np
import torch
from llama_cpp import Llama
from safetensors.torch import load_file
from transformers import PreTrainedModel

from .from_gguf import NAMES, base_of, fields, load_base, paired, tensor_names

_TYPES = {"F32": gguf.GGMLQuantizationType.F32, "F16": gguf.GGMLQuantizationType.F16}
_FILE_TYPES = {"F32": gguf.LlamaFileType.ALL_F32, "F16": gguf.LlamaFileType.MOSTLY_F16}


def _heads(model: PreTrainedModel, name: str) -> int:
    """Heads whose rows have to be put in another order; 0 for other tensors."""
    if ".attn_q." in name or name.endswith("q_proj"):
        return model.config.num_attention_heads
    return model.config.num_key_value_heads if ".attn_k." in name or name.endswith("k_proj") else 0


def _numbers(weight: torch.Tensor) -> np.ndarray:
    return weight.detach().float().cpu().numpy()


def write_model(model: PreTrainedModel, like: Path, path: Path, name: str, kind: str = "F16") -> None:
    """Write the whole model as `path`, with the metadata and the vocabulary of the GGUF `like`."""
    if model.config.model_type != "llama":
        raise ValueError(f"only llama models are written, not {model.config.model_type}; llama.cpp converts others")
    reader, temporary = gguf.GGUFReader(like), path.with_suffix(".part")
    writer = gguf.GGUFWriter(temporary, "llama")
    ours = {"general.architecture", "general.name", "general.description", "general.file_type"}
    writer.add_name(name)
    writer.add_file_type(_FILE_TYPES[kind])
    for key, field in reader.fields.items():
        if key in ours or key.startswith("GGUF.") or key.startswith("general.quant"):
            continue
        of = field.types[1] if len(field.types) > 1 else None
        writer.add_key_value(key, field.contents(), field.types[0], of)
    weights = model.state_dict()
    for theirs, own in tensor_names(model.config.num_hidden_layers).items():
        if theirs == "output.weight" and model.config.tie_word_embeddings:
            continue
        rows = _numbers(weights[own])
        heads = _heads(model, theirs)
        rows = paired(rows, heads) if heads else rows
        if rows.ndim == 1:
            writer.add_tensor(theirs, rows)
        else:
            writer.add_tensor(theirs, gguf.quants.quantize(rows, _TYPES[kind]), raw_dtype=_TYPES[kind])
    _finish(writer, temporary, path)


def adapters_below(given: str) -> list[tuple[dict[str, torch.Tensor], float]]:
    """The adapters, with the scale of each, that make `given` of a whole model; none where it is one."""
    path = Path(given)
    recorded = base_of(path)
    if recorded is None:
        return []
    config = json.loads((path / "adapter_config.json").read_text(encoding="utf-8"))
    weights = load_file(path / "adapter_model.safetensors")
    return [(weights, config["lora_alpha"] / config["r"]), *adapters_below(recorded)]


def write_adapter(
    model: PreTrainedModel, adapters: Sequence[tuple[Mapping[str, torch.Tensor], float]], path: Path, name: str
) -> None:
    """Write LoRA adapters (weights as PEFT names them, and the scale of each) as a single one for `--lora`: their sum.
    `model` is a llama model of the shape they belong to."""
    temporary = path.with_suffix(".part")
    writer = gguf.GGUFWriter(temporary, model.config.model_type)
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    theirs = {own: short for short, own in NAMES.items()}
    halves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for key in sorted(k for k in adapters[0][0] if ".lora_A." in k):
        # base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight
        parts = key.split(".")
        own, number = ".".join(parts[-4:-2]), parts[parts.index("layers") + 1]
        down = np.concatenate([_numbers(weights[key]) for weights, _ in adapters])
        other = key.replace("lora_A", "lora_B")
        up = np.concatenate([scale * _numbers(weights[other]) for weights, scale in adapters], 1)
        heads = _heads(model, own)
        halves[f"blk.{number}.{theirs[own]}.weight"] = down, paired(up, heads) if heads else up
    # llama.cpp multiplies by alpha over the rank: the scales are in the matrices already.
    writer.add_float32("adapter.lora.alpha", float(len(next(iter(halves.values()))[0])))
    for tensor, (down, up) in halves.items():
        writer.add_tensor(f"{tensor}.lora_a", np.ascontiguousarray(down))
        writer.add_tensor(f"{tensor}.lora_b", np.ascontiguousarray(up.astype(np.float32)))
    _finish(writer, temporary, path)


def _finish(writer: gguf.GGUFWriter, temporary: Path, path: Path) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    temporary.replace(path)


def difference(
    model: PreTrainedModel, texts: Sequence[Sequence[int]], path: Path, adapter: Path | None = None
) -> dict[str, float]:
    """Token ids through transformers and through llama.cpp (with an adapter where one is given): the largest difference
    of logits, and the share of places where both find the same token best."""
    longest = max(map(len, texts))
    llama = Llama(
        str(path),
        n_ctx=longest,
        n_batch=longest,
        n_ubatch=longest,
        logits_all=True,
        type_k=gguf.GGMLQuantizationType.F32,
        type_v=gguf.GGMLQuantizationType.F32,
        verbose=False,
        lora_path=str(adapter) if adapter else None,
    )
    largest, same, compared = 0.0, 0, 0
    try:
        for ids in texts:
            llama.reset()
            llama.eval(list(ids))
            theirs = llama.scores[: len(ids)]
            with torch.no_grad():
                ours = _numbers(model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0])
            largest = max(largest, float(np.abs(theirs - ours).max()))
            same += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
            compared += len(ids)
    finally:
        llama.close()
    return {"largest_logit_difference": round(largest, 5), "same_best_token": round(same / compared, 5)}


def main() -> None:
    """Write a tuned folder as one GGUF."""
    parser = argparse.ArgumentParser(description="A tuned model, or its base with an adapter merged, as one GGUF.")
    parser.add_argument("model", help="what `training.sft` or `training.dpo` wrote, or another Hugging Face folder")
    parser.add_argument("--like", type=Path, required=True, help="a GGUF of the same base: metadata and vocabulary")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", choices=tuple(_TYPES), default="F16")
    options = parser.parse_args()
    model, _ = load_base(options.model)
    name = str(fields(gguf.GGUFReader(options.like)).get("general.name", options.like.stem))
    write_model(model, options.like, options.out, f"{name}, tuned", options.kind)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
