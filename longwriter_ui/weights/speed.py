"""The speeds at which models were seen to write on this machine, kept in one small file."""

from __future__ import annotations

import json
from pathlib import Path

from longwriter_ui.wholefile import replace_whole

_FEWEST = 0.01  # tokens per second; anything slower is no measurement


class Speeds:
    """Tokens per second by model file. A file that cannot be read or written costs an estimate, nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, model: Path) -> float | None:
        """The speed last measured of this file; None when it never was, or the file is another one now."""
        value = self._read().get(_key(model))
        return float(value) if isinstance(value, int | float) and value > _FEWEST else None

    def record(self, model: Path, tokens_per_second: float) -> None:
        """Keep a measurement."""
        if tokens_per_second <= _FEWEST:
            return
        values = self._read() | {_key(model): round(tokens_per_second, 3)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(self._path, json.dumps(values, indent=1).encode())
        except OSError:
            return

    def _read(self) -> dict[str, object]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}


def _key(model: Path) -> str:
    try:
        return f"{model.name}:{model.stat().st_size}"
    except OSError:
        return model.name
