"""Options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from longwriter_ui.engine.base import LengthMode, Sampling


def add_model(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The model that writes, or `several`, and how."""
    group = parser.add_argument_group("model")
    default = Sampling()
    more = {"action": "append"} if several else {}
    text = "a .gguf file; default: the one chosen last" + ("; may be repeated" if several else "")
    group.add_argument("--model", metavar="PATH", type=Path, help=text, **more)  # type: ignore[arg-type]
    if not several:  # each adapter is one model's
        group.add_argument("--lora", metavar="PATH[:SCALE]", help="a LoRA adapter in GGUF for this model; scale: 1.0")
    group.add_argument("--context", metavar="N", type=number(int, 256, 2**20), help="tokens; default: as needed")
    group.add_argument("--threads", metavar="N", type=number(int, 1, 1024), help="default: all cores")
    group.add_argument("--temperature", metavar="T", type=number(float, 0, 5), default=default.temperature)
    group.add_argument("--top-p", metavar="P", type=number(float, 0, 1), default=default.top_p)
    group.add_argument("--top-k", metavar="K", type=number(int, 0, 2**20), default=default.top_k)
    group.add_argument(
        "--length",
        choices=[mode.value for mode in LengthMode],
        help="how closely paragraphs keep to their word counts; default: as chosen in the settings, else gentle",
    )
    group.add_argument(
        "--dry", metavar="M", type=number(float, 0, 5), default=0.0, help="avoid repetition, e.g. 0.8; default: 0, off"
    )


def number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], int | float]:
    """A number from `low` to `high`, as an argument's type."""

    def parse(text: str) -> int | float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    parse.__name__ = "number"  # argparse says "invalid number value"
    return parse
