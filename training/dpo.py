"""Preference tuning (DPO) on pairs of answers, with TRL.

    python -m training.dpo --data PAIRS.jsonl --base MODEL --out OUT [--lora]

The reference is the base itself. Conversations have the form of `training.sft`, and both answers end with the end of
text. The same command goes on with a run that was interrupted.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from . import chats, tuning
from .encoding import Encoder
from .from_gguf import load_base

RATE, LORA_RATE = 5e-7, 5e-6


@dataclass(frozen=True)
class Dpo(tuning.Settings):
    """`beta`: how strongly the model is held to its base; `sft`: the weight of the chosen answer's own loss beside the
    preference's, which keeps it likely."""

    beta: float = 0.1
    sft: float = 0.0


class PairTrainer(DPOTrainer):
    """TRL's trainer on pairs that are encoded already."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset


def run(settings: Dpo, out: Path, like: Path | None = None) -> dict[str, Any]:
    """Tune, or go on tuning; what the card tells."""
    facts = tuning.begin(out, "preference tuning (DPO)", settings, chats.fingerprint([Path(settings.data)]))
    pairs = chats.load_pairs(Path(settings.data))
    model, tokenizer = load_base(settings.base, narrow=settings.narrow)
    encoder = Encoder(tokenizer)
    encoded = [encoder.pair(pair) for pair in pairs]
    lengths = [len(p["prompt_ids"]) + max(len(p["chosen_ids"]), len(p["rejected_ids"])) for p in encoded]
    kept = [pair for pair, size in zip(encoded, lengths, strict=True) if size <= settings.length]
    if not kept:
        raise chats.DataError("No pair fits. Raise --length.")
    told: dict[str, Any] = {"pairs": len(pairs), "kept": len(kept), "longest_tokens": max(lengths)}
    print(", ".join(f"{name}: {value}" for name, value in told.items()), flush=True)
    weighted = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, settings.sft]} if settings.sft else {}
    trainer = PairTrainer(
        model=model,
        # An adapter's reference is the model without it.
        ref_model=None if settings.rank else load_base(settings.base)[0],
        args=DPOConfig(**settings.arguments(out), beta=settings.beta, **weighted),
        train_dataset=Dataset.from_list(kept),
        processing_class=tokenizer,
        peft_config=settings.lora(),
    )
    seconds = tuning.train(trainer, out)
    told |= {"steps": trainer.state.global_step, "seconds": round(seconds, 1)}
    text = kept[0]["prompt_ids"] + kept[0]["chosen_ids"]
    return tuning.finish(trainer, settings, out, like, text, facts | told)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Preference tuning (DPO) on pairs of answers.")
    tuning.add_options(parser, RATE, LORA_RATE)
    parser.add_argument("--beta", type=float, default=0.1, help="default: 0.1")
    parser.add_argument("--sft", type=float, default=0.0, metavar="WEIGHT", help="of the chosen answer's own loss")
    given = parser.parse_args()
    try:
        run(Dpo(**tuning.settings_of(given), beta=given.beta, sft=given.sft), given.out, given.like)
    except chats.DataError as error:
        parser.exit(1, f"error: {error}\n")


if __name__ == "__main__":
    main()
