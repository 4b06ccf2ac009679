"""Supervised fine-tuning on conversations, with TRL.

    python -m training.sft --data DATA.jsonl --base MODEL --out OUT [--lora] [--general CHATS.jsonl --ratio 30]

Conversations are packed into rows of up to 32,768 tokens; the loss is on answers and their ends only, and each
conversation weighs the same. The same command goes on with a run that was interrupted.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from . import chats, tuning
from .encoding import Encoder, Piece
from .from_gguf import load_base
from .packing import Collator, Weighting, join, pack

RATE, LORA_RATE = 1e-5, 1e-4


@dataclass(frozen=True)
class Sft(tuning.Settings):
    """`general`: chats mixed in, `ratio` for each conversation of the data; `least_words`: shorter answers of the data
    are dropped; `weighting`: what weighs the same, each conversation (sample) or each token of an answer."""

    general: str = ""
    ratio: float = 0.0
    least_words: int = 0
    weighting: Weighting = "sample"


class WeightedTrainer(SFTTrainer):
    """TRL's trainer with the weights of the collator: the loss of a step is the weighted mean over all its rows,
    whichever of them are computed together."""

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["input_ids", "labels", "seq_lengths"]

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> torch.Tensor:
        total = torch.stack([batch["weights"][:, 1:].sum() for batch in batch_samples]).sum().to(device)
        return self.accelerator.gather(total).sum() if self.args.average_tokens_across_devices else total

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Sum of weight times loss over the places that have a label, over the weight of the whole step."""
        weights = inputs.pop("weights")[:, 1:]
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        total = weights.sum() if num_items_in_batch is None else num_items_in_batch
        loss = -(outputs.log_probs * weights).sum() / torch.as_tensor(total, device=weights.device).clamp(min=1e-6)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # their gradients are averaged afterwards
        right = self.accelerator.gather_for_metrics(torch.stack([outputs.is_top1.sum(), outputs.label_mask.sum()]))
        right = right.view(-1, 2).sum(0)
        self._metrics["train" if model.training else "eval"]["mean_token_accuracy"].append((right[0] / right[1]).item())
        return (loss, outputs) if return_outputs else loss


def rows_of(pieces: Sequence[Piece], length: int) -> Dataset:
    """The packed rows as the trainer takes them."""
    return Dataset.from_list([join([pieces[i] for i in row]) for row in pack(pieces, length)])


def load_data(settings: Sft, encoder: Encoder) -> tuple[list[Piece], dict[str, Any]]:
    """The conversations to train on, encoded, and what is to be told of them."""
    own, problems = chats.load_chats(Path(settings.data))
    kept, dropped = chats.keep(own, lambda chat: len(encoder.chat(chat).ids), settings.length, settings.least_words)
    told = {"conversations": len(own), "kept": len(kept), **problems, **dropped}
    before, after = (chats.histogram(map(chats.answer_words, found)) for found in (own, kept))
    facts: dict[str, Any] = {"data": told, "lengths": {name: f"{before[name]} -> {after[name]}" for name in before}}
    if settings.general:
        general, problems = chats.load_chats(Path(settings.general))
        fitting, dropped = chats.keep(general, lambda chat: len(encoder.chat(chat).ids), settings.length)
        mixed = chats.mix(kept, fitting, settings.ratio, settings.seed)
        drawn = len(mixed) - len(kept)
        wanted = round(settings.ratio * len(kept))
        facts["general"] = {"conversations": len(general), "drawn": drawn, "wanted": wanted, **problems, **dropped}
        kept = mixed
    if not kept:
        raise chats.DataError("Nothing is left to train on. Lower --least-words, or raise --length.")
    return [encoder.chat(chat) for chat in kept], facts


def run(settings: Sft, out: Path, like: Path | None = None) -> dict[str, Any]:
    """Tune, or go on tuning; what the card tells."""
    paths = [Path(settings.data), *([Path(settings.general)] if settings.general else [])]
    facts = tuning.begin(out, "supervised fine-tuning", settings, chats.fingerprint(paths))
    model, tokenizer = load_base(settings.base, narrow=settings.narrow)
    encoder = Encoder(tokenizer)
    pieces, told = load_data(settings, encoder)
    for title in ("data", "general", "lengths"):
        for name, value in told.get(title, {}).items():
            print(f"{title}: {name}: {value}", flush=True)
    rows = rows_of(pieces, settings.length)
    told["tokens"] = sum(len(piece.ids) for piece in pieces)
    told |= {"learnt_from": sum(piece.targets for piece in pieces), "rows": len(rows)}
    config = SFTConfig(**settings.arguments(out), dataset_kwargs={"skip_prepare_dataset": True})
    trainer = WeightedTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        data_collator=Collator(tokenizer.pad_token_id, settings.weighting),
        peft_config=settings.lora(),
    )
    seconds = tuning.train(trainer, out)
    told |= {"steps": trainer.state.global_step, "seconds": round(seconds, 1)}
    return tuning.finish(trainer, settings, out, like, pieces[0].ids, facts | told)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Supervised fine-tuning on conversations.")
    tuning.add_options(parser, RATE, LORA_RATE)
    parser.add_argument("--general", default="", metavar="FILE", help="general chats, mixed in")
    parser.add_argument("--ratio", type=float, default=1.0, help="so many of them for each conversation; default: 1")
    parser.add_argument("--least-words", type=int, default=0, help="drop conversations with shorter answers")
    parser.add_argument("--weighting", choices=("sample", "token"), default="sample", help="what weighs the same")
    given = parser.parse_args()
    ratio = given.ratio if given.general else 0.0
    more = {"general": given.general, "ratio": ratio, "least_words": given.least_words, "weighting": given.weighting}
    try:
        run(Sft(**tuning.settings_of(given), **more), given.out, given.like)
    except chats.DataError as error:
        parser.exit(1, f"error: {error}\n")


if __name__ == "__main__":
    main()
