"""Trains the model on the CPU (or a GPU where there is one), with checkpoints; an interrupted run goes on by itself.

Batches come from one seeded generator per block of BLOCK steps, so a resumed run sees what an uninterrupted one sees.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import torch
from tokenizers import Tokenizer
from torch.nn import functional

from . import schedule, tokenizer
from .batches import IGNORE, READ, Batch, batches
from .cores import Cores
from .model import Model, Shape
from .muon import Muon
from .wiring import wire

OUT = Path(__file__).parent / "out"
BLOCK = 100
TAGGING = 0.5
"""The weight of the loss of the tags beside that of the answers."""
READING, READ_AT_ONCE = 0.04, 768
"""The same of the loss of foretold words of requests, which falls with the rates; and the most of them in a step."""
TAG_WEIGHTS = torch.tensor([0.3, 1.0, 1.0])
"""Of OUTSIDE, STARTS and WITHIN: most tokens are not of the topic."""


@dataclass(frozen=True)
class Course:
    """What is trained: phases, the shape of the model, and how its tokenizer is learnt from a seed."""

    schedule: schedule.Schedule
    shape: Shape
    words: Callable[[int], Tokenizer]


DEMO = Course(schedule.DEMO, Shape(), tokenizer.train)


class Loss:
    """The weighted mean cross entropy of a batch over the positions that have a target; only these are mapped to the
    vocabulary. The embeddings of `unsaid` tokens are given here, and not learnt from what comes next. Beside it, after
    the layer `TAGGED`: the cross entropy of the tags of requests, and that of words of requests foretold from those
    before them; 0 where there are none.

    Compiled, a step takes three quarters of the time; compiling takes minutes and a C++ compiler."""

    def __init__(self, model: Model, unsaid: list[int], compiled: bool = False) -> None:
        self._states, self._loss, self._tag_loss = model.__call__, self._mean, self._tag_mean
        self._read_loss = self._read_mean
        self._model = model
        self._unsaid = torch.zeros(model.shape.vocabulary, 1, dtype=torch.bool, device=model.embedding.weight.device)
        self._unsaid[unsaid] = True
        if compiled:
            self._states = torch.compile(model, dynamic=True)
            self._loss = torch.compile(self._mean, dynamic=True)
            self._tag_loss = torch.compile(self._tag_mean, dynamic=True)
            self._read_loss = torch.compile(self._read_mean, dynamic=True)

    def _mean(self, states: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        embedding = self._model.embedding.weight
        known = torch.where(self._unsaid, embedding.detach(), embedding)
        losses = functional.cross_entropy(functional.linear(states, known).float(), labels, reduction="none")
        return (losses * weights).sum() / weights.sum()

    def _tag_mean(self, states: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        normed = functional.rms_norm(states.float(), (states.shape[-1],))
        return functional.cross_entropy(self._model.tagger(normed).float(), tags, TAG_WEIGHTS.to(tags.device))

    def _read_mean(self, states: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        foretold = self._model.reader(functional.rms_norm(states.float(), (states.shape[-1],)))
        scores = functional.linear(foretold, self._model.embedding.weight.detach())
        return functional.cross_entropy(scores.float(), words)

    def __call__(
        self,
        inputs: torch.Tensor,
        labels: torch.Tensor,
        weights: torch.Tensor,
        places: torch.Tensor,
        tags: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        last, middle = (states.flatten(0, 1) for states in self._states(inputs, places))
        inputs, labels, weights, tags = (part.flatten() for part in (inputs, labels, weights, tags))
        wanted = (labels != IGNORE).nonzero()[:, 0]
        loss = self._loss(last[wanted], labels[wanted], weights[wanted])
        tagged = ((tags != IGNORE) & (tags != READ)).nonzero()[:, 0]
        read = (tags == READ).nonzero()[:, 0]
        read = read[:: 1 + len(read) // READ_AT_ONCE]
        return (
            loss,
            self._tag_loss(middle[tagged], tags[tagged]) if len(tagged) else torch.zeros(()),
            self._read_loss(middle[read - 1], inputs[read]) if len(read) else torch.zeros(()),
        )


def data(tok: Tokenizer, plan: schedule.Schedule, start: int) -> Iterator[tuple[int, Batch]]:
    """The batches of the steps from `start` on."""
    step = start - start % BLOCK
    while step < plan.steps:
        phase = plan.phase_at(step)
        source = batches(tok, phase, schedule.SEED * 1_000_003 + step)
        for _ in range(min(BLOCK, plan.steps - step)):
            batch = next(source)
            if step >= start:
                yield step, batch
            step += 1


def optimisers(model: Model) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for the matrices inside the blocks, AdamW for the embedding, the norms, the tagger and the reader."""
    inner = {name: p.ndim == 2 and name.startswith("blocks") for name, p in model.named_parameters()}
    matrices = [p for name, p in model.named_parameters() if inner[name]]
    others = [p for name, p in model.named_parameters() if not inner[name]]
    muon = Muon(matrices, schedule.MUON_RATE, decay=0.01)
    adam = torch.optim.AdamW(others, schedule.ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    return muon, adam


def save(path: Path, model: Model, opts, step: int, seconds: float) -> None:
    """Write a checkpoint under a temporary name, then put it in place."""
    state = {
        "shape": model.shape.as_dict(),
        "model": model.state_dict(),
        "optimisers": [opt.state_dict() for opt in opts],
        "step": step,
        "seconds": seconds,
    }
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def run(out: Path = OUT, threads: int = 2, every: int = 50, course: Course = DEMO, compiled: bool = False) -> Path:
    """Train, or go on training, in the folder `out`; gives the path of the last checkpoint. The text and its order are
    the same whether the model is `compiled` or not."""
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    cores = Cores(threads)
    torch.manual_seed(schedule.SEED)
    words = out / "tokenizer.json"
    if not words.exists():
        course.words(schedule.SEED).save(str(words))
    tok = tokenizer.load(words)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Model(course.shape)
    fixed, heard = tokenizer.strangers(tok)
    wire(model, fixed, tokenizer.values(tok), schedule.SEED)
    model.to(device)
    opts, loss_of = optimisers(model), Loss(model, fixed + heard, compiled)
    path, start, seconds = out / "checkpoint.pt", 0, 0.0
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        for opt, saved in zip(opts, state["optimisers"], strict=True):
            opt.load_state_dict(saved)
        start, seconds = state["step"], state["seconds"]
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {device}, from step {start}", flush=True)
    base = [[group["lr"] for group in opt.param_groups] for opt in opts]
    if start:
        base = [[schedule.MUON_RATE] * len(base[0]), [schedule.ADAM_RATE] * len(base[1])]
    began, positions, recent, tagged, read = time.time(), 0, [], [], []
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        for step, batch in data(tok, course.schedule, start):
            factor = course.schedule.rate(step)
            for opt, rates in zip(opts, base, strict=True):
                for group, rate in zip(opt.param_groups, rates, strict=True):
                    group["lr"] = rate * factor
            with torch.autocast(device, torch.bfloat16):
                loss, tag_loss, read_loss = loss_of(*(torch.from_numpy(part).to(device) for part in batch))
            (loss + TAGGING * tag_loss + READING * factor * read_loss).backward()
            model.embedding.weight.grad[fixed] = 0.0
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for opt in opts:
                opt.step()
                opt.zero_grad()
            positions += batch[0].size
            recent.append(loss.item())
            tagged.append(tag_loss.item())
            read.append(read_loss.item())
            if step % 4 == 0:
                torch.set_num_threads(cores.threads())
            if (step + 1) % 10 == 0:
                spent = time.time() - began
                row = {"step": step + 1, "loss": round(mean(recent), 4), "tags": round(mean(tagged), 4)}
                row |= {"reads": round(mean(read), 4)}
                row |= {"speed": round(positions / spent)}
                row |= {"seconds": round(seconds + spent), "threads": torch.get_num_threads()}
                print(json.dumps(row), file=log, flush=True)
                print(row, flush=True)
                recent, tagged, read = [], [], []
            kept = step + 1 in course.schedule.kept
            if kept:  # first, so that a run that is cut off here makes it again
                save(out / f"checkpoint-{step + 1}.pt", model, opts, step + 1, seconds + time.time() - began)
            if kept or (step + 1) % every == 0 or step + 1 == course.schedule.steps:
                save(path, model, opts, step + 1, seconds + time.time() - began)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=50, help="steps between checkpoints")
    parser.add_argument("--compiled", action=argparse.BooleanOptionalAction, default=True)
    run(**vars(parser.parse_args()))
