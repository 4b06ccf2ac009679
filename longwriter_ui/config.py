"""Settings that outlive a run: one small JSON file in the data directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from longwriter_ui.draft import Mode
from longwriter_ui.errors import EditError, EngineError, StoreError
from longwriter_ui.manner import LENGTHS, Manner
from longwriter_ui.server import Server
from longwriter_ui.wholefile import replace_whole


@dataclass(frozen=True)
class Settings:
    """`model`: path of the GGUF chosen last, or `server`; both None: the demonstration model. `threads` and
    `gpu_layers`: None: chosen automatically. `templates`: the chat template chosen for a model, by path; others are
    guessed. `adapters`: the adapter applied to a model, as PATH[:SCALE], by the model's path.
    For the pieces started from now on: `length`, how closely paragraphs are held to their lengths (off, gentle or
    strict); `mode`, the way of writing; `seed`, None: another for each; `manner`, what is chosen of the sampler."""

    model: str | None = None
    threads: int | None = None
    gpu_layers: int | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    adapters: Mapping[str, str] = field(default_factory=dict)
    length: str = "gentle"
    mode: str = "conversation"
    seed: int | None = None
    manner: Manner = field(default_factory=Manner)
    server: Server | None = None


def load_settings(path: Path) -> Settings:
    """The saved settings; the defaults for what is not there or cannot be understood."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Settings()
    if not isinstance(values, dict):
        return Settings()
    model, length, mode = values.get("model"), values.get("length"), values.get("mode")
    return Settings(
        model if isinstance(model, str) else None,
        _count(values.get("threads"), 1),
        _count(values.get("gpu_layers"), 0),
        _texts(values.get("templates")),
        _texts(values.get("adapters")),
        length if length in LENGTHS else Settings.length,
        Mode(mode).value if mode in [each.value for each in Mode] else Settings.mode,
        _count(values.get("seed"), 0),
        _manner(values.get("manner")),
        _server(values.get("server")),
    )


def save_settings(path: Path, settings: Settings) -> None:
    """Replace the file whole; StoreError when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, json.dumps(asdict(settings), indent=2).encode())
    except OSError as error:
        raise StoreError(f"The settings cannot be saved: {error}.", "Check the folder's permissions.") from error


def _manner(values: object) -> Manner:
    try:
        return Manner().with_values(values) if isinstance(values, dict) else Manner()
    except EditError:
        return Manner()


def _texts(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def _server(values: object) -> Server | None:
    try:
        return Server(**values) if isinstance(values, dict) else None
    except (EngineError, TypeError):
        return None


def _count(value: object, least: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None
