"""Options that several commands have."""

from __future__ import annotations

import argparse

from longwriter_ui.arguments import add_server, number
from longwriter_ui.engine.base import LengthMode, Sampling


def add_model(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The model that writes, or `several`, and how."""
    group = parser.add_argument_group("model")
    default = Sampling()
    again, more = ("; may be repeated", {"action": "append"}) if several else ("", {})
    group.add_argument(
        "--model", metavar="PATH | NAME", help=f"a .gguf file, or a server's model; default: the last one{again}",
        **more,  # type: ignore[arg-type]
    )  # fmt: skip
    if not several:  # each adapter is one model's
        group.add_argument("--lora", metavar="PATH[:SCALE]", help="a LoRA adapter in GGUF for this model; scale: 1.0")
    add_server(group, several=several)
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
