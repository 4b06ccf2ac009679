"""What goes wrong with a server, as errors for the person: what may pass and is tried again, and what is told."""

from __future__ import annotations

import random
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import openai

from longwriter_ui.engine.openai_keys import without_key
from longwriter_ui.errors import ContextTooSmall, EngineError, ServerError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds; each pause is twice the one before
_LEAST_PAUSE = 0.1  # more with each time that a server says "at once" and does not mean it
_PASSING = (408, 409, 425, 429)
_OVERFLOW = re.compile(
    r"context[ _](?:length|size|window)|maximum context|n_ctx|prompt is too long|longer than the model's"
    r"|too many tokens",
    re.IGNORECASE,
)
_AVAILABLE = re.compile(r"(?:context (?:length|size|window)[^\d]{0,40}|n_ctx[^\d]{0,8})(\d+)", re.IGNORECASE)
_PROMPT = re.compile(
    r"(\d+) (?:tokens )?(?:in (?:the|your) (?:prompt|messages)|input tokens|prompt tokens|from the input)"
    r"|(?:prompt|input)[^\d]{0,40}?(\d+) (?:input )?tokens|request \((\d+) tokens\)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"requested (?:about )?(\d+) tokens", re.IGNORECASE)


class Broken(Exception):
    """A stream that ended without its end: cut off, not to be read, or with an error of the server in it."""


class Hung(Exception):
    """Nothing has come for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:,.0f} seconds")


def pause_before(error: Exception, attempt: int) -> float | None:
    """Seconds until the request is worth another try, as the server says, else longer each time (`attempt` from 0);
    None where another try is no use."""
    if isinstance(error, openai.APIStatusError):
        if (error.status_code not in _PASSING and error.status_code < 500) or error.code == "insufficient_quota":
            return None
        said = _retry_after(error.response.headers)
        if said is not None:
            return max(said, _LEAST_PAUSE * attempt)
    elif not isinstance(error, Broken | openai.APIConnectionError):
        return None
    return min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) * (1 - 0.25 * random.random())


def explained(error: Exception, address: str, key: str) -> EngineError:
    """The error for the person."""
    if isinstance(error, Hung):
        return ServerError(
            f"The server at {address} hangs: nothing has come from it for {error}.",
            "Look whether it still works; what is written so far is kept.", retryable=True,
        )  # fmt: skip
    if isinstance(error, Broken):
        hint = "What is written so far is kept. Go on from there."
        if not str(error):
            return ServerError(f"The server at {address} broke off its answer.", hint, retryable=True)
        said = without_key(str(error), key)[:300]
        return ServerError(f"The server at {address} broke off its answer: {said}", hint, retryable=True)
    if isinstance(error, openai.APIConnectionError):
        return ServerError(
            f"The server at {address} cannot be reached.", "Is it running, and is the address right?", retryable=True
        )
    if isinstance(error, openai.APIError) and status_of(error):
        return _of_status(error, address, key)
    return ServerError(
        f"The server at {address} gave no answer that can be read.", "Is it an OpenAI-compatible one?", retryable=True
    )


def refused(said: str, key: str) -> EngineError:
    """The answer was withheld."""
    hint = "Say it differently in the instruction or in the main point, or choose another model."
    if not said.strip():
        return EngineError("The model refuses to write this.", hint)
    return EngineError(f"The model refuses to write this: {without_key(said, key).strip()[:300]}", hint)


def too_small(needed: int, available: int) -> ContextTooSmall:
    """The conversation does not fit into the server's context."""
    return ContextTooSmall(
        f"The piece needs {needed:,} tokens of context, and only {available or 'fewer'} can be had.",
        "Ask for a shorter piece, or start the server with a larger context: llama-server --ctx-size, vLLM "
        "--max-model-len, Ollama OLLAMA_CONTEXT_LENGTH.",
        needed=needed,
        available=available,
    )


def overflow(error: Exception) -> tuple[int, int] | None:
    """Tokens of the prompt and of the context, where the error says that the one does not fit the other; 0 for what
    it does not tell."""
    if not isinstance(error, openai.APIError):
        return None
    body: dict[str, Any] = error.body if isinstance(error.body, dict) else {}
    named = f"{error.code} {error.type} {error.message}"
    if not _OVERFLOW.search(named) and "exceed_context_size" not in named:
        return None
    prompt = _number(body.get("n_prompt_tokens")) or _found(_PROMPT, error.message) or _found(_ASKED, error.message)
    return prompt, _number(body.get("n_ctx")) or _found(_AVAILABLE, error.message)


def status_of(error: openai.APIError) -> int:
    """The status of the response, or the code that was told in a stream; 0 where it is none."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code
    return int(error.code) if error.code is not None and re.fullmatch(r"[3-5]\d\d", error.code) else 0


def _of_status(error: openai.APIError, address: str, key: str) -> EngineError:
    status = status_of(error)
    if status in (401, 403):
        return ServerError(f"The server at {address} refuses the key.", "Set LONGWRITER_API_KEY to one it takes.")
    if error.code == "insufficient_quota":
        return ServerError(f"The server at {address} says that the account has no quota left.", "Look at the account.")
    if status == 429:
        return ServerError(f"The server at {address} has too much to do.", "Try again later.", retryable=True)
    if "content_filter" in f"{error.code} {error.type}":
        return refused("", key)
    said = without_key(str(error.message), key)[:300]
    if status == 404 or 300 <= status < 400:
        return ServerError(
            f"The server at {address} answers {status}: {said}", "Is the address right? It mostly ends with /v1."
        )
    if status >= 500:
        return ServerError(f"The server at {address} answers {status}: {said}", "Try again later.", retryable=True)
    return EngineError(f"The server at {address} answers {status}: {said}", "Does it have the model and its settings?")


def _retry_after(headers: Any) -> float | None:
    """Seconds, from the header in its three forms."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        said = headers.get("retry-after", "")
        if re.fullmatch(r"\d+(\.\d+)?", said):
            return float(said)
        when = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds()) if when.tzinfo else None


def _found(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return int(next(group for group in match.groups() if group)) if match else 0


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
