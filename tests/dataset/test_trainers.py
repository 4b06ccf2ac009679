"""The forms are those that Hugging Face datasets load and TRL's trainers take; skipped where these are missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.dataset.build import conversation
from longwriter_ui.jsonl import dump_lines

TEMPLATE = (
    "{% for m in messages %}{{ '[INST]' + m['content'] + '[/INST]' if m['role'] == 'user' else m['content'] }}"
    "{% endfor %}"
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    lines = [conversation(f"Write about harbour {n}", f"Harbour {n} lies still.\n\n它很安静。") for n in range(4)]
    pairs = [
        {
            "prompt": [{"role": "user", "content": f"Write about harbour {n}"}],
            "chosen": [{"role": "assistant", "content": "It lies still in the grey light."}],
            "rejected": [{"role": "assistant", "content": "Harbour harbour harbour."}],
        }
        for n in range(4)
    ]
    (tmp_path / "train.jsonl").write_bytes(dump_lines(lines))
    (tmp_path / "pairs.jsonl").write_bytes(dump_lines(pairs))
    return {"train": str(tmp_path / "train.jsonl"), "pairs": str(tmp_path / "pairs.jsonl")}


def load(path: str, cache: Path) -> Any:
    datasets = pytest.importorskip("datasets")
    return datasets.load_dataset("json", data_files=path, split="train", cache_dir=str(cache))


def test_datasets_load_both_forms(files: dict[str, str], tmp_path: Path):
    train, pairs = (load(files[name], tmp_path / "cache") for name in ("train", "pairs"))
    assert train.column_names == ["messages"]
    assert train[1]["messages"][0] == {"role": "user", "content": "Write about harbour 1"}
    assert pairs.column_names == ["prompt", "chosen", "rejected"]
    assert pairs[3]["rejected"][0]["content"] == "Harbour harbour harbour."


@pytest.fixture
def model(tmp_path: Path) -> tuple[Any, Any]:
    """A llama of random weights with a word vocabulary, all made here."""
    pytest.importorskip("trl")
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    words = json.dumps([TEMPLATE, "Write about harbour lies still in the grey light 0 1 2 3 它很安静。"]).split()
    vocabulary = {word: i for i, word in enumerate(["<unk>", "<end>", *dict.fromkeys(words)])}
    raw = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    raw.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="<unk>", eos_token="<end>", pad_token="<end>", chat_template=TEMPLATE
    )
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=128,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "model")  # DPO loads it a second time
    return transformers.LlamaForCausalLM.from_pretrained(tmp_path / "model"), tokenizer


@pytest.mark.parametrize(("kind", "name"), [("SFT", "train"), ("DPO", "pairs")])
def test_trl_trains_a_step_on_it(files: dict[str, str], model: tuple[Any, Any], tmp_path: Path, kind: str, name: str):
    trl = pytest.importorskip("trl")
    settings = getattr(trl, f"{kind}Config")(
        output_dir=str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=2, report_to=[], use_cpu=True,
        max_length=64, bf16=False,
    )  # fmt: skip
    trainer = getattr(trl, f"{kind}Trainer")(
        model=model[0], args=settings, train_dataset=load(files[name], tmp_path / "cache"), processing_class=model[1]
    )
    assert trainer.train().training_loss > 0
