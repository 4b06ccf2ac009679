"""What is done with the trained weights before they are written as a file.

First two checkpoints become one, the mean of each of their weights: the one before the warm restart finds more topics,
the one at the end writes better paragraphs, and their mean is nearly as good as the better one in each (Izmailov et
al., 2018, average weights so).

Then tokens that no answer has outside its topic get vectors of their own, added to their embeddings. Those were given
(see `tokenizer.strangers`), so nothing had taught them not to be said: before this, every third English paragraph
had a Chinese character somewhere. One vector for each kind of them is learnt, while everything else stays as it is; so
they may move together, and what tells one from another stays.
"""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.func import functional_call
from torch.nn import functional

from . import schedule, tokenizer
from .batches import IGNORE, Batch, batches
from .model import Model, Shape
from .train import OUT

STEPS, RATE, WARM = 120, 0.02, 10


def mean(states: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of the weights of checkpoints of one model."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def kinds(tok: Tokenizer) -> list[list[int]]:
    """The tokens that share a vector: parts of topics alone and words of requests, each in Latin letters and not."""
    return [
        [i for i in found if tok.id_to_token(i).lstrip("\u0120").isascii() == latin]
        for found in tokenizer.strangers(tok)
        for latin in (True, False)
    ]


def shifted(model: Model, groups: list[list[int]], shown: Iterable[Batch], steps: int, rate: float) -> torch.Tensor:
    """The embeddings (vocabulary, width) with a vector learnt for each group added to its rows; the rate falls to
    nothing in `steps` batches."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    given = model.embedding.weight
    member = torch.zeros(len(given), len(groups), device=given.device)
    for number, group in enumerate(groups):
        member[group, number] = 1.0
    vectors = torch.zeros(len(groups), given.shape[1], device=given.device, requires_grad=True)
    adam = torch.optim.Adam([vectors])
    for step, (inputs, labels, weights, places, _) in zip(range(steps), shown, strict=False):
        adam.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / WARM) * (1 - step / steps)
        ids, wanted, weight, place = (torch.from_numpy(x).to(given.device) for x in (inputs, labels, weights, places))
        with torch.autocast(given.device.type, torch.bfloat16):
            table = given + member @ vectors
            states, _ = functional_call(model, {"embedding.weight": table}, (ids, place))
            said = wanted != IGNORE
            losses = functional.cross_entropy(
                functional.linear(states[said], table).float(), wanted[said], reduction="none"
            )
        loss = (losses * weight[said]).sum() / weight[said].sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return (given + member @ vectors).detach()


def run(out: Path = OUT, threads: int = 2) -> Path:
    """Make `finished.pt` of the checkpoints in `out`; gives its path."""
    torch.set_num_threads(threads)
    began = time.time()
    paths = [*(out / f"checkpoint-{step}.pt" for step in schedule.DEMO.kept), out / "checkpoint.pt"]
    states = [torch.load(path, map_location="cpu", weights_only=True) for path in paths]
    tok = tokenizer.load(out / "tokenizer.json")
    model = Model(Shape(**states[0]["shape"]))
    model.load_state_dict(mean([state["model"] for state in states]))
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    shown = batches(tok, schedule.FINISH, schedule.SEED * 1_000_003 + schedule.DEMO.steps)
    table = shifted(model, kinds(tok), shown, STEPS, RATE)
    torch.save(
        {"shape": states[0]["shape"], "model": model.state_dict() | {"embedding.weight": table}}, out / "finished.pt"
    )
    print(f"{out / 'finished.pt'}: {time.time() - began:.0f} s", flush=True)
    return out / "finished.pt"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--threads", type=int, default=2)
    run(**vars(parser.parse_args()))
