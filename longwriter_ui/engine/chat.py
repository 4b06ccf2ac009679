"""A model behind an OpenAI-compatible server (llama-server, Ollama, LM Studio, vLLM ...), asked one thing at a time.

The key comes from the environment variable LONGWRITER_API_KEY alone and goes to no other place: not into a file, a
log, or the text of an error. `openai` is imported when the first server is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from longwriter_ui.engine.base import Conversation
from longwriter_ui.errors import EngineError

if TYPE_CHECKING:
    from openai import OpenAI

KEY_VARIABLE = "LONGWRITER_API_KEY"
_TIMEOUT = 600.0  # seconds; a local server may read a long prompt for minutes
_RETRIES = 4  # the client waits longer each time, or as long as the server says


class ChatServer:
    """A server's model. `address` is the base of its interface, such as http://127.0.0.1:8080/v1."""

    def __init__(self, address: str, model: str = "", *, retries: int = _RETRIES, timeout: float = _TIMEOUT) -> None:
        """`model` empty: the only one the server has. EngineError when there is none, or no server."""
        self.address = _without_secrets(address)
        self._key = os.environ.get(KEY_VARIABLE, "")
        self._client = self._connect(address, retries, timeout)
        self.model = model or self._only_model()

    def answer(self, conversation: Conversation, *, temperature: float, max_tokens: int, seed: int) -> str:
        """The whole answer to a conversation; EngineError, retryable where another try may help."""
        with self._translated():
            completion = self._client.chat.completions.create(
                model=self.model,
                messages=[{"role": turn.role.value, "content": turn.text} for turn in conversation],  # type: ignore[misc]
                temperature=temperature,
                max_tokens=max_tokens,
                seed=seed,
            )
        choices = getattr(completion, "choices", None)
        if not choices or getattr(choices[0], "message", None) is None:
            raise EngineError(f"The server at {self.address} gave no answer that can be read.", retryable=True)
        return choices[0].message.content or ""

    def close(self) -> None:
        self._client.close()

    def _connect(self, address: str, retries: int, timeout: float) -> OpenAI:
        if urlsplit(address).scheme not in ("http", "https"):
            raise EngineError(f"{self.address} is no address of a server.", "It begins with http:// or https://.")
        try:
            from openai import OpenAI
        except ImportError as error:
            raise EngineError("Servers need the openai package.", "pip install -r requirements.txt") from error
        # The client insists on a key; servers of one's own take any.
        return OpenAI(base_url=address, api_key=self._key or "none", max_retries=retries, timeout=timeout)

    def _only_model(self) -> str:
        with self._translated():
            names = [model.id for model in self._client.models.list()]
        if len(names) != 1:
            found = ", ".join(names[:20]) or "none"
            raise EngineError(f"The server at {self.address} has {len(names)} models: {found}.", "Name one.")
        return names[0]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the client as ours, without what the server may have repeated of the key."""
        import openai

        server = f"The server at {self.address}"
        try:
            yield
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise EngineError(f"{server} refuses the key.", f"Set {KEY_VARIABLE} to one it takes.") from error
        except openai.RateLimitError as error:
            raise EngineError(f"{server} has too much to do.", "Try again later.", retryable=True) from error
        except openai.APITimeoutError as error:
            raise EngineError(f"{server} does not answer in time.", "Try again later.", retryable=True) from error
        except openai.APIConnectionError as error:
            raise EngineError(f"{server} cannot be reached.", "Is it running?", retryable=True) from error
        except openai.APIStatusError as error:
            message = self._without_key(str(error.message))[:300]
            raise EngineError(
                f"{server} answers {error.status_code}: {message}", retryable=error.status_code >= 500
            ) from error
        except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
            # ValueError and the like: a body that is no JSON, or JSON of another form.
            raise EngineError(f"{server} gave no answer that can be read.", retryable=True) from error

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


def _without_secrets(address: str) -> str:
    """The address without a name, a password or a query, for people and files."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
