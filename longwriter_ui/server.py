"""Which server: its address, cleaned, and who may name one. Keys are not here; see `engine.openai_keys`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from longwriter_ui.errors import EngineError

VARIABLE = "LONGWRITER_SERVER"
APIS = ("chat", "completions")
AT_ONCE = 4  # requests; as many slots as a small server has


@dataclass(frozen=True)
class Server:
    """A model behind an OpenAI-compatible server. `address` is the base of its interface, such as
    http://127.0.0.1:8080/v1; `model` empty: the only one it has. `api`: "chat", "completions", or empty: as suits the
    model; `at_once` limits the requests in flight; `context` in tokens, None: what the server tells of it."""

    address: str
    model: str = ""
    api: str = ""
    at_once: int = AT_ONCE
    context: int | None = None

    def __post_init__(self) -> None:
        """EngineError for what is no address, or an interface that there is not."""
        object.__setattr__(self, "address", cleaned(self.address))
        if self.api not in ("", *APIS):
            raise EngineError(f"There is no interface {self.api!r}.", f"Use one of: {', '.join(APIS)}.")
        if self.at_once < 1 or not isinstance(self.model, str) or not isinstance(self.context, int | None):
            raise EngineError("A server is asked for one thing at a time at least.")

    def with_model(self, model: str) -> Server:
        return replace(self, model=model)

    @property
    def label(self) -> str:
        """Model and address, for people and files."""
        return f"{self.model} at {self.address}" if self.model else self.address


def cleaned(typed: str) -> str:
    """The address as it is used and shown. EngineError for one that is none, or that has a password in it."""
    try:
        parts = urlsplit(typed.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if (
        parts.scheme not in ("http", "https")
        or not host
        or not host.isascii()
        or re.search(r"[\s\\]", parts.netloc + parts.path)
    ):
        raise EngineError("This is no address of a server.", "It looks like http://127.0.0.1:8080/v1.")
    if parts.username is not None or parts.query or parts.fragment:
        raise EngineError(
            "An address of a server has no name, password or question mark in it.",
            "Put a key into the environment variable LONGWRITER_API_KEY.",
        )
    place = f"[{host}]" if ":" in host else host
    return urlunsplit(
        (parts.scheme, f"{place}:{port}" if port is not None else place, parts.path.rstrip("/") or "/v1", "", "")
    )


def permitted(typed: str, *, local: bool) -> str:
    """The address, cleaned, when somebody at the page may have it called: any address where the page is served to this
    computer only (`local`), else one of those that the operator names in LONGWRITER_SERVER. EngineError for others, so
    that a visitor cannot reach what only this computer can."""
    address = cleaned(typed)
    if local or address in operator_servers():
        return address
    raise EngineError(
        "From other computers this page calls no servers but those of its operator.",
        "Use the model in use, or ask the operator.",
    )


def operator_servers() -> tuple[str, ...]:
    """Addresses in LONGWRITER_SERVER, with blanks between them."""
    return tuple(cleaned(typed) for typed in os.environ.get(VARIABLE, "").split())
