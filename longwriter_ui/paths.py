"""Where things are: the person's data, and what comes with the application."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

PROJECT = Path(__file__).resolve().parent.parent
ASSETS = PROJECT / "assets"
MODELS = PROJECT / "models"
DEMO_MODEL = MODELS / "demo.gguf"


@dataclass(frozen=True)
class Home:
    """The data directory and what lies in it."""

    root: Path

    @property
    def store(self) -> Path:
        return self.root / "drafts.sqlite3"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def states(self) -> Path:
        """KV caches of drafts; what is deleted here is only read again."""
        return self.root / "states"

    @property
    def runs(self) -> Path:
        """Evaluations, a folder for each."""
        return self.root / "runs"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def selftests(self) -> Path:
        return self.root / "selftests.json"

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"


def real(path: Path) -> Path:
    """The place that a path stands for, from the root on: through links, and from `~`. What leads nowhere, to nobody's
    home or round in a circle, stays as it is; pathlib's own raise RuntimeError there."""
    return Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111


def home() -> Home:
    """The platform's data directory for this application, or LONGWRITER_HOME."""
    chosen = os.environ.get("LONGWRITER_HOME")
    return Home(Path(chosen).expanduser() if chosen else user_data_path("LongWriterStudio", appauthor=False))
