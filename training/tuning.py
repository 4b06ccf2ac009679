"""What supervised and preference tuning have in common: options, the trainer's settings, resuming, what a run leaves.

A run's folder:

    run.json             what the run is decided by; the same command goes on with it, another one is refused
    checkpoint-N/        as often as --save-every says; the last two are kept
    model/ or adapter/   the result as transformers and PEFT load it
    model.gguf or adapter.gguf     the same for the application, checked against llama.cpp
    card.md card.json curves.png   what was done with which data, and how it went
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import Trainer
from transformers.trainer_utils import get_last_checkpoint

from .card import write_card
from .chats import DataError
from .from_gguf import gguf_of
from .to_gguf import adapters_below, difference, write_adapter, write_model

LORA_PARTS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
_CHECKED = 512  # tokens that llama.cpp is compared on


@dataclass(frozen=True)
class Settings:
    """What both kinds of tuning are set by. `length`: tokens of a row; `batch`: rows or pairs of a step, computed
    `at_once` together. `steps` 0: as many as `epochs` need. `rank` 0: the whole model is tuned, else a LoRA adapter."""

    data: str
    base: str
    rate: float
    length: int = 32_768
    batch: int = 8
    at_once: int = 1
    epochs: float = 4.0
    steps: int = 0
    warmup: float = 0.03
    decay: float = 0.1
    rank: int = 0
    alpha: float = 32.0
    save_every: int = 100
    seed: int = 1
    threads: int = 0

    def arguments(self, out: Path) -> dict[str, Any]:
        """For the trainer's configuration. bfloat16 and gradient checkpointing where there is a graphics card."""
        card = torch.cuda.is_available()
        return {
            "output_dir": str(out),
            "per_device_train_batch_size": self.at_once,
            "gradient_accumulation_steps": self.batch // self.at_once,
            "learning_rate": self.rate,
            "num_train_epochs": self.epochs,
            "max_steps": self.steps or -1,
            "warmup_steps": self.warmup,  # below 1: a share of all steps
            "weight_decay": self.decay,
            "adam_beta2": 0.95,
            "lr_scheduler_type": "cosine",
            "logging_steps": 1,
            "save_steps": self.save_every,
            "save_total_limit": 2,
            "seed": self.seed,
            "bf16": card,
            "use_cpu": not card,
            "gradient_checkpointing": card,
            "dataloader_pin_memory": card,
            "report_to": [],
            "max_length": self.length,
        }

    def lora(self) -> LoraConfig | None:
        """The adapter to be trained, if one is."""
        if not self.rank:
            return None
        return LoraConfig(r=self.rank, lora_alpha=self.alpha, target_modules=LORA_PARTS, task_type="CAUSAL_LM")

    @property
    def narrow(self) -> bool:
        """Whether the base is held in bfloat16: it is frozen, and a card computes."""
        return bool(self.rank) and torch.cuda.is_available()


def add_options(parser: argparse.ArgumentParser, rate: float, lora_rate: float) -> None:
    """The options of both commands; the learning rates are those of a whole model and of an adapter."""
    parser.add_argument("--data", required=True, metavar="FILE", help="JSONL, or a folder of it")
    parser.add_argument(
        "--base", required=True, metavar="MODEL", help="a .gguf of ours, a folder, or a Hugging Face name"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--lora", action="store_true", help="train an adapter instead of the whole model")
    parser.add_argument("--rank", type=int, default=16, help="of the adapter; default: 16")
    parser.add_argument("--alpha", type=float, default=32.0, help="of the adapter; default: 32")
    parser.add_argument("--rate", type=float, help=f"learning rate; default: {rate:g}, for an adapter {lora_rate:g}")
    parser.add_argument("--length", type=int, default=32_768, help="tokens of a row; default: 32,768")
    parser.add_argument("--batch", type=int, default=8, help="rows or pairs of a step; default: 8")
    parser.add_argument("--at-once", type=int, default=1, help="so many of them computed together; default: 1")
    parser.add_argument("--epochs", type=float, default=4.0, help="default: 4")
    parser.add_argument("--steps", type=int, default=0, help="instead of epochs")
    parser.add_argument("--save-every", type=int, default=100, metavar="STEPS", help="checkpoints; default: 100")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="default: as PyTorch chooses")
    parser.add_argument("--like", type=Path, help="a GGUF of the base, where --base is none and was made from none")
    parser.set_defaults(usual_rates=(rate, lora_rate))


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of Settings from the options of `add_options`."""
    usual = options.usual_rates[1 if options.lora else 0]
    names = ("data", "base", "length", "batch", "at_once", "epochs", "steps", "save_every", "seed", "threads")
    values = {name: getattr(options, name) for name in names}
    rank = options.rank if options.lora else 0
    return {**values, "rate": options.rate or usual, "rank": rank, "alpha": options.alpha}


def begin(out: Path, kind: str, settings: Settings, data_hash: str) -> dict[str, Any]:
    """Make the run's folder, or find it from the same command before; DataError where it is another run's."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    if settings.batch % settings.at_once:
        raise DataError(f"--batch {settings.batch} is no multiple of --at-once {settings.at_once}. Change one of them.")
    facts = {"kind": kind, "settings": asdict(settings), "data_sha256": data_hash}
    note = out / "run.json"
    if note.exists():
        before = json.loads(note.read_text(encoding="utf-8"))
        ways = {"threads", "save_every", "at_once"}  # do not change what is computed, or only its rounding
        if _without(before, ways) != _without(facts, ways):
            raise DataError(f"{out} holds a run with other settings or other data. Choose another folder for --out.")
    out.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _without(facts: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return facts | {"settings": {k: v for k, v in facts["settings"].items() if k not in names}}


def train(trainer: Trainer, out: Path) -> float:
    """Train from the last checkpoint on, if there is one; the seconds it took."""
    last = get_last_checkpoint(str(out))
    began = time.perf_counter()
    trainer.train(resume_from_checkpoint=last)
    return time.perf_counter() - began


def finish(
    trainer: Trainer,
    settings: Settings,
    out: Path,
    like: Path | None,
    text: list[int],
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Save the result, write it as GGUF and check it on the token ids `text`, write the card. `like` is the GGUF of a
    base that is none itself. An adapter on top of an adapter is written as one."""
    like = like or gguf_of(settings.base)
    model = trainer.accelerator.unwrap_model(trainer.model)
    folder = out / ("adapter" if settings.rank else "model")
    model.save_pretrained(folder)
    trainer.processing_class.save_pretrained(folder)
    path = folder.with_suffix(".gguf")
    name = f"{Path(settings.base).stem}, {facts['kind']}"
    if settings.rank:
        write_adapter(model.get_base_model(), adapters_below(str(folder)), path, name)
    elif like is not None:
        write_model(model, like, path, name)
    if like is not None:
        model.eval()
        whole, adapter = (like, path) if settings.rank else (path, None)
        facts["check"] = difference(model, [text[:_CHECKED]], whole, adapter)
        print(f"{path}: {facts['check']}")
    facts["parameters"] = sum(p.numel() for p in model.parameters())
    facts["trained_parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    write_card(out, facts, trainer.state.log_history)
    return facts
