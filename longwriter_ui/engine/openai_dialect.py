"""What the servers differ in: names of sampler settings, how an answer is held to a form, how one is gone on with.

Nobody but OpenAI documents all of its own, so what a server was not known to refuse is sent, and what it turns out to
refuse is left out from then on.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from longwriter_ui.engine.base import Request

Json = dict[str, Any]
Look = Callable[[str], Awaitable[Json]]

_LLAMA = {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repeat_penalty"}
_SERVED = {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repetition_penalty"}
_PENALTY = 0.5  # of a DRY multiplier, as a frequency penalty
_NEEDED = ("model", "messages", "prompt", "stream", "max_tokens")
_PLAIN_THOUGHTS = {"chat_template_kwargs": {"enable_thinking": False}}  # thoughts are no part of the piece


@dataclass(frozen=True)
class Dialect:
    """A kind of server. `sampler`: our names and its own; `grammar` makes the fields for a GBNF grammar (None: it knows
    JSON schemas at best); `goes_on`: fields for a conversation that ends with a begun answer (None: it may begin that
    anew); `chat`: fields for every conversation; `several`: whether it may know `n`; `at_once`: the most requests in
    flight."""

    name: str
    sampler: Mapping[str, str] = field(default_factory=dict)
    grammar: Callable[[str], Json] | None = None
    schema: bool = True
    goes_on: Json | None = None
    chat: Json = field(default_factory=dict)
    several: bool = True
    at_once: int = 1024

    def sampling(self, request: Request) -> Json:
        """The sampler's settings in its words."""
        wanted = request.sampling
        values: Json = {"temperature": wanted.temperature, "top_p": wanted.top_p, "seed": wanted.seed & 0x7FFFFFFF}
        usual = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
        for ours, theirs in self.sampler.items():
            if ours in usual and getattr(wanted, ours) != usual[ours]:
                values[theirs] = getattr(wanted, ours)
        if wanted.dry_multiplier and "dry_multiplier" in self.sampler:
            values["dry_multiplier"] = wanted.dry_multiplier
        elif wanted.dry_multiplier:
            values["frequency_penalty"] = min(2.0, _PENALTY * wanted.dry_multiplier)
        return values

    def form(self, request: Request) -> tuple[Json, bool]:
        """Fields that hold the answer to its form, and whether it will be JSON."""
        if request.grammar is not None and self.grammar is not None:
            return self.grammar(request.grammar), False
        if request.form is not None and self.schema:
            schema = {"name": "answer", "strict": True, "schema": request.form.schema}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}, True
        return {}, False


LLAMA_SERVER = Dialect(
    "llama-server", {**_LLAMA, "dry_multiplier": "dry_multiplier"}, lambda text: {"grammar": text},
    goes_on={}, chat=_PLAIN_THOUGHTS,
)  # fmt: skip
# A new request breaks off the one before, unless it was started with --interrupt_requests False.
LLAMA_CPP_PYTHON = Dialect(
    "llama-cpp-python", _LLAMA, lambda text: {"grammar": text}, schema=False, several=False, at_once=1
)
VLLM = Dialect(
    "vLLM", _SERVED, lambda text: {"structured_outputs": {"grammar": text}},
    goes_on={"continue_final_message": True, "add_generation_prompt": False}, chat=_PLAIN_THOUGHTS,
)  # fmt: skip
SGLANG = Dialect(
    "SGLang", _SERVED, lambda text: {"ebnf": text}, goes_on={"continue_final_message": True}, chat=_PLAIN_THOUGHTS
)
OLLAMA = Dialect("Ollama", several=False)
LM_STUDIO = Dialect("LM Studio", {"top_k": "top_k", "repeat_penalty": "repeat_penalty"}, several=False)
OTHER = Dialect("OpenAI-compatible server")

# Who the list of models says owns them.
_OWNERS = {
    "llamacpp": LLAMA_SERVER, "me": LLAMA_CPP_PYTHON, "vllm": VLLM, "sglang": SGLANG, "library": OLLAMA,
    "organization_owner": LM_STUDIO,
}  # fmt: skip


def dialect_of(entry: Json) -> Dialect:
    """The kind of server that lists a model so."""
    return _OWNERS.get(str(entry.get("owned_by")), OTHER)


async def context_of(dialect: Dialect, entry: Json, look: Look) -> int:
    """Tokens of context that the model has there; 0 where the server does not tell. `look` reads a path beside the
    interface."""
    name = entry["id"]
    if dialect is LLAMA_SERVER:
        settings = (await look("/props")).get("default_generation_settings")
        return _count(settings.get("n_ctx")) if isinstance(settings, dict) else 0
    if dialect is OLLAMA:  # only of a model that is loaded; what its file allows is not what it gets
        return _count(_named(await look("/api/ps"), "models", "name", name).get("context_length"))
    if dialect is LM_STUDIO:
        found = _named(await look("/api/v0/models"), "data", "id", name)
        return _count(found.get("loaded_context_length")) or _count(found.get("max_context_length"))
    return _count(entry.get("max_model_len"))


def refused_fields(said: str, body: Json) -> set[str]:
    """Of what a server can do without, the fields of a request that its error complains of."""
    return {name for name in body if name not in _NEEDED and _names(said, name)}


def _names(said: str, field_name: str) -> bool:
    if field_name == "n":
        return bool(re.search(r"['\"`]n['\"`]|\bn (?:must|should|is|>)|(?:one|single) (?:completion )?choice", said))
    if field_name == "stop":  # a word like others
        return bool(re.search(r"['\"`]stop['\"`]", said))
    return bool(re.search(rf"(?<![A-Za-z_]){field_name}(?![A-Za-z_])", said))


def _named(answer: Json, listed: str, key: str, name: str) -> Json:
    entries = answer.get(listed)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get(key) == name:
            return entry
    return {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
