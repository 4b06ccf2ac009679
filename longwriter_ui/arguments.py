"""Options that name a model, for the command line and for the page: a file, or a server and one of its models."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from longwriter_ui.errors import EngineError
from longwriter_ui.host import Place
from longwriter_ui.server import APIS, AT_ONCE, VARIABLE, Server, operator_servers

ENGINES = ("llamacpp", "openai")


def add_server(group: argparse._ActionsContainer, *, several: bool = False) -> None:
    """A server of models, in place of a file, or `several`. Its key comes from the environment or the keyring."""
    again, more = ("; may be repeated", {"action": "append"}) if several else ("", {"action": _Once})
    group.add_argument(
        "--engine",
        choices=ENGINES,
        help="openai: a server; default: llamacpp, or openai where there is a --base-url",
    )
    group.add_argument(
        "--base-url", metavar="URL", help=f"the server's address, such as http://127.0.0.1:8080/v1{again}; "
        f"default: ${VARIABLE}; its key: $LONGWRITER_API_KEY", **more,
    )  # fmt: skip
    group.add_argument("--api", choices=APIS, help="of the server; default: as suits the model")
    group.add_argument(
        "--at-once", metavar="N", type=number(int, 1, 1024), default=AT_ONCE,
        help=f"requests to the server at a time; default: {AT_ONCE}",
    )  # fmt: skip


class _Once(argparse.Action):
    """An option of which the last one given would silently win."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, "given twice, but only one can be used here")
        setattr(namespace, self.dest, values)


def places(arguments: argparse.Namespace) -> list[Place | None]:
    """The models that were named, each a file or one of a server; None: the one chosen last. Several servers have a
    model each, or all the same."""
    models, urls = _listed(arguments.model), _listed(arguments.base_url)
    if arguments.engine == "llamacpp" and urls:
        raise EngineError("--base-url is for --engine openai.", "Leave one of them out.")
    if not urls and arguments.engine == "openai":
        urls = list(operator_servers())[:1]
        if not urls:
            raise EngineError("No server was named.", f"Give --base-url, or set {VARIABLE}.")
    if not urls:
        return [Path(model) for model in models] or [None]
    if len(urls) > 1 and len(models) not in (0, 1, len(urls)):
        raise EngineError(f"{len(urls)} servers and {len(models)} models were named.", "Name one model for each.")
    count = max(len(urls), len(models))
    named = [urls[n % len(urls)] for n in range(count)]
    which = [models[n % len(models)] if models else "" for n in range(count)]
    return [Server(url, model, arguments.api or "", arguments.at_once) for url, model in zip(named, which, strict=True)]


def _listed(value: list[str] | str | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], int | float]:
    """A number from `low` to `high`, as an argument's type."""

    def parse(text: str) -> int | float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low} and {high}")
        return value

    parse.__name__ = "number"  # argparse says "invalid number value"
    return parse
