"""The model files that are here: the one that comes with the application, those downloaded, and those added by path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.errors import ModelFileError
from longwriter_ui.paths import real
from longwriter_ui.weights.partial import note_of
from longwriter_ui.weights.split import is_later_part, part_names
from longwriter_ui.wholefile import replace_whole


@dataclass(frozen=True)
class LocalModel:
    """A model on disk, by its first file. `size` in bytes of all its files; `missing` are files that are not there;
    `ours`: it lies where downloads go, so that removing it deletes it; `added`: it was named by its path, and can be
    forgotten."""

    path: Path
    size: int
    missing: tuple[str, ...]
    ours: bool
    added: bool = False


class Library:
    """`downloads` is where downloads go; `folders` are searched too; `added` keeps paths of files elsewhere."""

    def __init__(self, downloads: Path, folders: Sequence[Path], added: Path) -> None:
        self._downloads = downloads
        self._folders = folders
        self._added = added

    def models(self) -> list[LocalModel]:
        """All of them, by name."""
        paths = {
            real(path)
            for folder in (self._downloads, *self._folders)
            if folder.is_dir()
            for path in folder.glob("*.gguf")
        } | {real(path) for path in self._paths()}
        firsts = [path for path in paths if path.is_file() and not is_later_part(path.name)]
        return [self._model(path) for path in sorted(firsts, key=lambda path: (path.name.lower(), path))]

    def find(self, name: str) -> LocalModel | None:
        """The model whose first file has this name."""
        return next((model for model in self.models() if model.path.name == name), None)

    def add(self, path: Path) -> LocalModel:
        """Remember a model where it lies; ModelFileError when there is no such file."""
        path = real(path)
        path = path.with_name(part_names(path.name)[0])
        if not path.is_file():
            raise ModelFileError(f"There is no file {path}.", "Check the path to the model.")
        self._keep([*(p for p in self._paths() if p != path), path])
        return self._model(path)

    def remove(self, model: LocalModel) -> bool:
        """Delete a downloaded model, or forget one that was added; True when files were deleted."""
        if model.path in self._paths():
            self._keep([path for path in self._paths() if path != model.path])
            if not model.ours:
                return False
        if not model.ours:
            raise ModelFileError(
                f"{model.path} was not downloaded by this application, so it is left alone.", "Delete it yourself."
            )
        try:
            for name in part_names(model.path.name):
                path = model.path.with_name(name)
                path.unlink(missing_ok=True)
                note_of(path).unlink(missing_ok=True)
        except OSError as error:
            raise ModelFileError(f"{model.path} cannot be deleted: {error.strerror}.", "Is it in use?") from error
        return True

    def unfinished(self, name: str) -> int:
        """Bytes that an interrupted download of the file (and its further parts) left here."""
        parts = [self._downloads / f"{part}.part" for part in part_names(Path(name).name)]
        return sum(path.stat().st_size for path in parts if path.exists())

    def discard(self, name: str) -> None:
        """Delete what an interrupted download left."""
        for part in part_names(Path(name).name):
            path = self._downloads / f"{part}.part"
            path.unlink(missing_ok=True)
            note_of(path).unlink(missing_ok=True)

    def _model(self, path: Path) -> LocalModel:
        parts = [path.with_name(name) for name in part_names(path.name)]
        here = [part for part in parts if part.is_file()]
        return LocalModel(
            path,
            sum(part.stat().st_size for part in here),
            tuple(part.name for part in parts if part not in here),
            path.parent == self._downloads.resolve(),
            path in self._paths(),
        )

    def _paths(self) -> list[Path]:
        try:
            values = json.loads(self._added.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [Path(value) for value in values if isinstance(value, str)] if isinstance(values, list) else []

    def _keep(self, paths: Sequence[Path]) -> None:
        try:
            self._added.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(self._added, json.dumps([str(path) for path in paths], indent=1).encode())
        except OSError as error:
            raise ModelFileError(
                f"The list of models cannot be saved: {error.strerror}.", "Check the data directory's permissions."
            ) from error
