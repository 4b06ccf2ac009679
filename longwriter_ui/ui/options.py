"""How the page is served: the options of `python app.py`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from longwriter_ui.arguments import add_server, places
from longwriter_ui.errors import LongWriterError
from longwriter_ui.host import Place
from longwriter_ui.limits import LIMITS, PREFIX, Limits

_HELP = {
    "words": "of a piece",
    "jobs": "pieces of one visitor in work at a time",
    "drafts": "of one visitor",
    "megabytes": "of one visitor's drafts with all their versions",
    "days": "after which a draft that was not changed is removed",
    "queue": "pieces of all visitors that wait",
    "requests": "a second of one visitor",
}


@dataclass(frozen=True)
class Serving:
    """`limits`: for visitors; None: one person has the studio for herself. `launch` goes to the page's launch."""

    model: Place | None
    lora: str | None
    limits: Limits | None
    launch: Mapping[str, Any]


def parse(arguments: Sequence[str] | None = None) -> Serving:
    """What was asked for; ends the program with a sentence where it would let others in unasked."""
    parser = _parser()
    options = parser.parse_args(arguments)
    word = options.auth or os.environ.get("LONGWRITER_AUTH")
    auth = tuple(word.split(":", 1)) if word else None
    if auth is not None and (len(auth) != 2 or not all(auth)):
        parser.error("--auth is USER:PASSWORD")
    if not is_local(options.host) and auth is None and not options.public:
        parser.error(f"--host {options.host} lets others in: give --auth USER:PASSWORD, or --public to allow anyone")
    try:
        limits, model = Limits.from_environment(os.environ), places(options)[0]
    except LongWriterError as error:
        parser.error(str(error))
    chosen = {name: value for name in LIMITS if (value := getattr(options, f"limit_{name}")) is not None}
    if chosen and not options.public:
        parser.error("limits are for visitors: they need --public")
    launch = {"server_name": options.host, "server_port": options.port, "auth": auth, "domains": tuple(options.domain)}
    return Serving(model, options.lora, replace(limits, **chosen) if options.public else None, launch)


def is_local(host: str) -> bool:
    """Whether only programs on this computer reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="LongWriter Studio in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer only)")
    parser.add_argument("--port", type=int, help="port (default: the first free one from 7860 on)")
    parser.add_argument("--model", metavar="PATH | NAME", help="a .gguf file to write with, or a server's model")
    parser.add_argument("--lora", metavar="PATH[:SCALE]", help="a LoRA adapter in GGUF for this model")
    add_server(parser)
    others = parser.add_argument_group("other people", "docs/serving.md says what each of these means")
    others.add_argument("--auth", metavar="USER:PASSWORD", help="ask for this name and password (or LONGWRITER_AUTH)")
    others.add_argument(
        "--public",
        action="store_true",
        help="let anyone who reaches this host write; everybody sees their own drafts only, and nobody your settings",
    )
    others.add_argument(
        "--domain", metavar="NAME", action="append", default=[], help="a name people reach it by, such as a proxy's"
    )
    for name, default in vars(Limits()).items():
        others.add_argument(
            f"--limit-{name}",
            metavar="N",
            type=_positive,
            help=f"{_HELP[name]} (default: {default:,}, or {PREFIX}{name.upper()})",
        )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)
