"""The models known by name: those in models/catalog.toml, and a person's own in the data directory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longwriter_ui.errors import CatalogError
from longwriter_ui.weights.memory import Shape

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_GIGABYTE = 10**9
_TEXTS = ("name", "about", "licence", "repository", "file", "default", "template")


@dataclass(frozen=True)
class Build:
    """One quantisation of a model: a file. `size` in bytes, rounded; None where it is not known before download."""

    quant: str
    file: str
    size: int | None


@dataclass(frozen=True)
class Entry:
    """A known model. `repository` is empty for one that comes with the application; `template` for one to be guessed;
    `shape` None when nothing is known of it before download."""

    id: str
    name: str
    about: str
    licence: str
    repository: str
    template: str
    context: int
    builds: tuple[Build, ...]
    default: str
    shape: Shape | None

    def build(self, quant: str | None = None) -> Build:
        """The build of this quantisation, None: the default. CatalogError names what there is."""
        wanted = quant or self.default
        for build in self.builds:
            if build.quant.lower() == wanted.lower():
                return build
        known = ", ".join(build.quant for build in self.builds)
        raise CatalogError(f"{self.name} has no build {wanted!r} here.", f"Choose one of: {known}.")


class Catalog:
    """Entries by id, in the order of the files."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def entry(self, model_id: str) -> Entry:
        """The entry of this id; CatalogError names those there are."""
        entry = self._entries.get(model_id.lower())
        if entry is None:
            raise CatalogError(
                f"There is no model {model_id!r} in the catalogue.", f"Known: {', '.join(self._entries)}."
            )
        return entry

    def of_file(self, name: str) -> tuple[Entry, Build] | None:
        """The entry and build that a file of this name is."""
        for entry in self.entries:
            for build in entry.builds:
                if Path(build.file).name == name:
                    return entry, build
        return None


def load_catalog(*paths: Path) -> Catalog:
    """Read the catalogue files there are; later ones replace entries of earlier ones. CatalogError says which file is
    wrong, and where."""
    entries: dict[str, Entry] = {}
    for path in paths:
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise CatalogError(
                f"The catalogue {path} cannot be read: {error}.", "Correct or remove the file."
            ) from error
        for model_id, table in tables.items():
            try:
                entries[model_id.lower()] = _entry(model_id.lower(), table)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise CatalogError(
                    f"The entry [{model_id}] of the catalogue {path} is wrong: {error}.",
                    "It needs at least name, repository, file, default and sizes.",
                ) from error
    return Catalog(entries)


def _entry(model_id: str, table: Mapping[str, Any]) -> Entry:
    text = {key: table.get(key, "") for key in _TEXTS}
    if not all(isinstance(value, str) for value in text.values()) or not text["file"].endswith(".gguf"):
        raise ValueError(f"{', '.join(_TEXTS)} are strings, and file ends in .gguf")
    sizes: Mapping[str, float] = table["sizes"]
    builds = tuple(
        Build(quant, text["file"].replace("{quant}", quant), round(float(size) * _GIGABYTE) or None)
        for quant, size in sizes.items()
    )
    default = text["default"] or builds[0].quant
    if default not in sizes:
        raise ValueError(f"sizes has no {default}")
    shape, context = table.get("shape"), int(table.get("context", 0))
    return Entry(
        id=model_id,
        name=text["name"] or model_id,
        about=text["about"],
        licence=text["licence"],
        repository=text["repository"],
        template=text["template"],
        context=context,
        builds=builds,
        default=default,
        shape=Shape(context=context, **{key: int(value) for key, value in shape.items()}) if shape else None,
    )
