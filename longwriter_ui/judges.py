"""Who can judge quality: a local model, held to the form by a grammar, or one behind a server."""

from __future__ import annotations

from pathlib import Path

from longwriter_ui.engine.base import Cancel, Engine, Request, Sampling, user
from longwriter_ui.engine.chat import ChatServer
from longwriter_ui.errors import EngineError
from longwriter_ui.evaluate.quality import GRAMMAR
from longwriter_ui.jsonl import Json
from longwriter_ui.pieces import follow
from longwriter_ui.studio import Studio

_TEMPERATURE = 0.5  # above 0, so that a second try can differ from the first
_TOKENS = 512  # six numbers with their names, and room for a model that talks


class ModelJudge:
    """The model in use of a studio, or the one of another file, which takes its place while it answers."""

    def __init__(self, studio: Studio, file: Path | None = None) -> None:
        """ModelFileError where the file is no usable model."""
        choice = studio.model if file is None else studio.loader.check(file)
        if choice is None:
            raise EngineError("No model is chosen.", "Choose a .gguf file to judge with.")
        self._studio, self._other = studio, choice if file is not None else None
        self.about: Json = {"name": choice.name, "file": choice.path.name}

    def ask(self, prompt: str, seed: int, cancel: Cancel) -> str | None:
        conversation = (user(prompt),)

        def make(engine: Engine) -> Request:
            engine.reserve(engine.measure(conversation).total + _TOKENS)
            return Request(conversation, Sampling(temperature=_TEMPERATURE, seed=seed), _TOKENS, GRAMMAR)

        job = self._studio.ask(make, self._other)
        for _ in follow(self._studio, job, [], cancel):
            pass
        return None if job.cancelled.is_set() else job.text


class ServerJudge:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, server: ChatServer) -> None:
        self._server = server
        self.about: Json = {"name": server.model, "server": server.address}

    def ask(self, prompt: str, seed: int, cancel: Cancel) -> str | None:
        if cancel.is_set():
            return None
        return self._server.answer((user(prompt),), temperature=_TEMPERATURE, max_tokens=_TOKENS, seed=seed)
