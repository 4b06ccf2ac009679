"""Writes the trained model as GGUF and checks it against llama.cpp: same token ids, same logits."""

import argparse
import json
import random
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

from . import tokenizer
from .model import Model, Shape
from .tasks import Size, conversation
from .train import OUT

NAME = "LongWriter Studio demonstration model"
DESCRIPTION = (
    "A demonstration of LongWriter Studio, trained from nothing on sentences of a grammar. It follows the plan and "
    "write format in English and Chinese; its prose is generic by construction. It is not LongWriter."
)
TEMPLATE = "longwriter-llama3"
MODEL = Path(__file__).parent.parent / "models" / "demo.gguf"
TYPES = {"F16": gguf.GGMLQuantizationType.F16, "Q8_0": gguf.GGMLQuantizationType.Q8_0}
WHOLE = "blk.0."
"""The layer whose matrices stay in F16 in every kind: what the first one loses, all others read."""
FILE_TYPES = {"F16": gguf.LlamaFileType.MOSTLY_F16, "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}


def load(checkpoint: Path) -> Model:
    """The model of a checkpoint, or of finished weights."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = Model(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model.eval()


def tensors(model: Model) -> dict[str, np.ndarray]:
    """The weights under llama.cpp's names."""
    named = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.norm.weight}
    for i, block in enumerate(model.blocks):
        q, k, v = block.qkv.weight.chunk(3)
        parts = {"attn_norm": block.norm1.weight, "attn_q": q, "attn_k": k, "attn_v": v}
        parts |= {"attn_output": block.out.weight, "ffn_norm": block.norm2.weight, "ffn_gate": block.gate.weight}
        parts |= {"ffn_up": block.up.weight, "ffn_down": block.down.weight}
        named |= {f"blk.{i}.{name}.weight": weight for name, weight in parts.items()}
    return {name: weight.detach().float().numpy() for name, weight in named.items()}


def _add_words(writer: gguf.GGUFWriter, words: Tokenizer) -> None:
    data = json.loads(words.to_str())["model"]
    vocabulary = sorted(data["vocab"], key=data["vocab"].get)
    control, own, normal = gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED, gguf.TokenType.NORMAL
    types = [control, control, own, own] + [normal] * (len(vocabulary) - 4)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types(types)
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in data["merges"]])
    writer.add_bos_token_id(tokenizer.BOS)
    writer.add_eos_token_id(tokenizer.EOS)
    writer.add_add_bos_token(True)


def write(model: Model, words: Tokenizer, path: Path, kind: str = "Q8_0", name: str = NAME) -> None:
    """Write `path` (under a temporary name first)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape, temporary = model.shape, path.with_suffix(".part")
    writer = gguf.GGUFWriter(temporary, "llama")
    writer.add_name(name)
    writer.add_description(DESCRIPTION)
    writer.add_license("Apache-2.0")
    writer.add_languages(["en", "zh"])
    writer.add_string("longwriter.template", TEMPLATE)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(FILE_TYPES[kind])
    _add_words(writer, words)
    for tensor, array in tensors(model).items():
        if array.ndim == 1:
            writer.add_tensor(tensor, array)
        else:
            kept = TYPES["F16" if tensor.startswith(WHOLE) else kind]
            writer.add_tensor(tensor, gguf.quants.quantize(array, kept), raw_dtype=kept)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    temporary.replace(path)


def check(model: Model, words: Tokenizer, path: Path, samples: int = 40) -> dict[str, float]:
    """Compare llama.cpp with the trainer: share of texts with the same ids, largest logit difference, best tokens."""
    from llama_cpp import Llama

    llama = Llama(str(path), n_ctx=2048, n_batch=2048, logits_all=True, verbose=False)
    rng = random.Random(7)
    same_ids, difference, same_best, compared = 0, 0.0, 0, 0
    texts = [turn for i in range(samples) for turn in conversation(("plan", "write")[i % 2], Size(300, 200, 4), rng)]
    for user, answer in texts:
        ids = words.encode(user + answer, add_special_tokens=False).ids
        same_ids += llama.tokenize((user + answer).encode(), add_bos=False, special=False) == ids
    for user, answer in texts[:5]:
        asked, answered = (words.encode(text, add_special_tokens=False).ids for text in (user, answer))
        ids = [tokenizer.BOS, tokenizer.OPEN, *asked, tokenizer.CLOSE, *answered][:2048]
        llama.reset()
        llama.eval(ids)
        theirs = llama.scores[: len(ids)]
        with torch.no_grad():
            ours = model.logits(model(torch.tensor([ids]))[0])[0].numpy()
        difference = max(difference, float(np.abs(theirs - ours).max()))
        same_best += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
        compared += len(ids)
    return {
        "same_ids": same_ids / len(texts),
        "largest_logit_difference": round(difference, 4),
        "same_best_token": round(same_best / compared, 4),
    }


def run(out: Path = OUT, path: Path = MODEL, kind: str = "Q8_0") -> dict[str, float]:
    """Export the finished weights in `out` to `path` and check it."""
    model, words = load(out / "finished.pt"), tokenizer.load(out / "tokenizer.json")
    write(model, words, path, kind)
    report = check(model, words, path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB {kind}, {report}")
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--path", type=Path, default=MODEL)
    parser.add_argument("--kind", choices=tuple(TYPES), default="Q8_0")
    run(**vars(parser.parse_args()))
