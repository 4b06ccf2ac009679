"""Settings that outlive a run: one small JSON file in the data directory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from longwriter_ui.errors import StoreError


@dataclass(frozen=True)
class Settings:
    """`model`: path of the GGUF chosen last; None: the demonstration model."""

    model: str | None = None


def load_settings(path: Path) -> Settings:
    """The saved settings; the defaults where there are none or the file cannot be understood."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Settings()
    model = values.get("model") if isinstance(values, dict) else None
    return Settings(model if isinstance(model, str) else None)


def save_settings(path: Path, settings: Settings) -> None:
    """Replace the file whole; StoreError when it cannot be written."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(asdict(settings), indent=2), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"The settings cannot be saved: {error}.", "Check the folder's permissions.") from error
