"""Who can judge quality: the model in use of a studio, or another one, behind a server. Both are held to the form of
their answer by a grammar where that is possible."""

from __future__ import annotations

from pathlib import Path

from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Chunk, Engine, Request, Sampling, user
from longwriter_ui.errors import EngineError
from longwriter_ui.evaluate.quality import GRAMMAR
from longwriter_ui.jsonl import Json
from longwriter_ui.pieces import follow
from longwriter_ui.server import Server
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
        self.about: Json = {"name": choice.name, "file": choice.label}

    def ask(self, prompt: str, seed: int, cancel: Cancel) -> str | None:
        def make(engine: Engine) -> Request:
            return _request(engine, prompt, seed)

        job = self._studio.ask(make, self._other)
        for _ in follow(self._studio, job, [], cancel):
            pass
        return None if job.cancelled.is_set() else job.text

    def close(self) -> None:
        """The studio is somebody else's."""


class ServerJudge:
    """A model behind an OpenAI-compatible server, whatever the studio writes with."""

    def __init__(self, engine: Engine, server: Server) -> None:
        """Takes ownership of the engine, which is connected to the server."""
        self._engine = engine
        self.about: Json = {"name": engine.info.model, "server": server.address}

    def ask(self, prompt: str, seed: int, cancel: Cancel) -> str | None:
        text, last = "", None
        for item in self._engine.stream(_request(self._engine, prompt, seed), cancel):
            if isinstance(item, Chunk):
                text, last = text + item.text, item
        return None if last is None or last.finish is FinishReason.CANCELLED else text

    def close(self) -> None:
        self._engine.close()


def _request(engine: Engine, prompt: str, seed: int) -> Request:
    conversation = (user(prompt),)
    engine.reserve(engine.measure(conversation).total + _TOKENS)
    return Request(conversation, Sampling(temperature=_TEMPERATURE, seed=seed), _TOKENS, GRAMMAR)
