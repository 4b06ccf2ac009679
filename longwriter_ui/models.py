"""Everything one does with model files: which are known and here, which fit, fetching, verifying, removing them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from longwriter_ui.engine.header import Header, check_usable, read_header
from longwriter_ui.errors import CatalogError, ModelFileError
from longwriter_ui.paths import MODELS, Home, real
from longwriter_ui.weights.background import Downloads
from longwriter_ui.weights.catalog import Build, Catalog, Entry, load_catalog
from longwriter_ui.weights.download import DownloadEvent, Fetched, Patience, Verifying, download
from longwriter_ui.weights.fit import WORDS, Fit, Machine, Verdict, fit, minutes
from longwriter_ui.weights.hub import Hub
from longwriter_ui.weights.library import Library, LocalModel
from longwriter_ui.weights.memory import Shape
from longwriter_ui.weights.speed import Speeds
from longwriter_ui.weights.split import part_names
from longwriter_ui.weights.verify import Verified, verify


@dataclass(frozen=True)
class ModelRow:
    """A build of a known model, or a file that is here. `id` is empty for a file that the catalogue does not know;
    `path` None where it is not here; `unfinished` are bytes of an interrupted download; `minutes` for the words asked
    about, once its speed was measured; `usual` marks the build to take where nothing speaks against it. `problem` says
    why a file that is here cannot be used."""

    id: str
    name: str
    about: str
    licence: str
    quant: str
    file: str
    size: int | None
    path: Path | None
    ours: bool
    unfinished: int
    fit: Fit
    tokens_per_second: float | None
    minutes: float | None
    template: str
    context: int
    usual: bool
    problem: str = ""
    recommended: bool = False
    added: bool = False

    @property
    def key(self) -> str:
        """What names it among all rows."""
        return f"{self.id}:{self.quant}" if self.id else str(self.path)


@dataclass(frozen=True)
class _Facts:
    shape: Shape | None
    name: str
    problem: str = ""


class Models:
    """Models of one data directory. `machine` stands in for this one where given; `graphics` tells the bytes free on
    graphics cards."""

    def __init__(
        self,
        home: Home,
        machine: Machine | None = None,
        patience: Patience | None = None,
        graphics: Callable[[], int] | None = None,
    ) -> None:
        self._home, self._machine, self._patience, self._graphics = home, machine, patience, graphics
        self.library = Library(home.models, [MODELS], home.root / "models.json")
        self.speeds = Speeds(home.root / "speeds.json")
        self.downloads = Downloads()
        self._facts: dict[tuple[Path, int, int], _Facts] = {}

    @property
    def catalog(self) -> Catalog:
        """The known models, a person's own among them; CatalogError when their file is wrong."""
        return load_catalog(MODELS / "catalog.toml", self._home.root / "catalog.toml")

    @property
    def machine(self) -> Machine:
        """This machine as it is now."""
        return self._machine or Machine.here(self._home.models, self._graphics() if self._graphics else 0)

    def rows(self, words: int = WORDS) -> list[ModelRow]:
        """Every build of the catalogue, then the files it does not know; one of them recommended, if any fits."""
        machine, catalog = self.machine, self.catalog
        local = {model.path.name: model for model in self.library.models()}
        rows = []
        for entry in catalog.entries:
            for build in entry.builds:
                here = local.pop(part_names(Path(build.file).name)[0], None)
                if here is not None or entry.repository:
                    rows.append(self._row(entry, build, here, machine, words))
        rows += [self._row(None, None, model, machine, words) for model in local.values()]
        best = _recommended(rows, catalog)
        return [replace(row, recommended=row is best) for row in rows]

    def row(self, model_id: str, quant: str | None = None, words: int = WORDS) -> ModelRow:
        """One build of a known model; CatalogError names what there is."""
        entry = self.catalog.entry(model_id)
        build = entry.build(quant)
        return self._row(entry, build, self.library.find(part_names(Path(build.file).name)[0]), self.machine, words)

    def fit(self, path: Path, words: int = WORDS) -> Fit:
        """Whether a file that is here fits, from its header; ModelFileError when it is no model. See `weights.fit`."""
        header = read_header(path)
        size = sum(part.stat().st_size for part in parts_of(path) if part.exists())
        return fit(shape_of(header), size, self.machine, words=words)

    def download(
        self, model_id: str, quant: str | None, cancel: threading.Event, endpoint: str | None = None
    ) -> Iterator[DownloadEvent]:
        """Fetch a build of a known model; see `weights.download`. ModelFileError when what came is no model."""
        entry = self.catalog.entry(model_id)
        build = entry.build(quant)
        if not entry.repository:
            raise CatalogError(f"{entry.name} comes with the application; there is nothing to download.")
        names = part_names(build.file)
        for event in download(Hub(endpoint), entry.repository, names, self._home.models, cancel, self._patience):
            if isinstance(event, Fetched):
                check_usable(read_header(event.path), event.path)
            yield event

    def verify(self, path: Path, cancel: threading.Event) -> Iterator[Verifying | Verified]:
        """Compare a file with the checksum it was downloaded with, and read its header."""
        check_usable(read_header(path), path)
        yield from verify(path, cancel)

    def add(self, path: Path) -> LocalModel:
        """Remember a file where it lies; ModelFileError when it is no model."""
        path = real(path)
        first = path.with_name(part_names(path.name)[0])
        check_usable(read_header(first), first)
        return self.library.add(first)

    def discard(self, model_id: str, quant: str | None = None) -> bool:
        """Delete what an interrupted download left, where there is something and no whole file; whether there was."""
        found = False
        for name in self._files(model_id, quant):
            if self.library.find(name) is None and self.library.unfinished(name):
                self.library.discard(name)
                found = True
        return found

    def remove(self, name: str, quant: str | None = None) -> tuple[LocalModel, bool]:
        """Delete or forget the model that is called so: an id of the catalogue, a file's name, or its path. Says
        whether files were deleted."""
        here = self.local(name, quant)
        return here, self.library.remove(here)

    def local(self, name: str, quant: str | None = None) -> LocalModel:
        """The model here that is called so: an id of the catalogue, a file's name, or its path."""
        models = self.library.models()
        found = [model for model in models if model.path.name == name or model.path == real(Path(name))]
        files = self._files(name, quant)
        if not found:
            found = [model for model in models if model.path.name in files]
        if len(found) > 1:
            names = ", ".join(model.path.name for model in found)
            raise CatalogError(f"{len(found)} builds of {name} are here: {names}.", "Name one by its file.")
        if not found and files:
            hint = f"`models download {name}` would fetch it."
            raise ModelFileError(f"The model {name} is not on this computer.", hint)
        if not found:
            raise ModelFileError(f"There is no model {name} here.", "`models list` shows what is here.")
        return found[0]

    def _of_header(self, path: Path) -> _Facts:
        """What the header of a file tells, read once for each state of the file: a vocabulary takes a while."""
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if key not in self._facts:
            try:
                header = read_header(path)
                check_usable(header, path)
                self._facts[key] = _Facts(shape_of(header), header.name)
            except ModelFileError as error:
                self._facts[key] = _Facts(None, "", error.message)
        return self._facts[key]

    def _files(self, name: str, quant: str | None) -> set[str]:
        try:
            entry = self.catalog.entry(name)
            builds = [entry.build(quant)] if quant else entry.builds
        except CatalogError:
            return set()
        return {part_names(Path(build.file).name)[0] for build in builds}

    def _row(
        self, entry: Entry | None, build: Build | None, here: LocalModel | None, machine: Machine, words: int
    ) -> ModelRow:
        shape, context, name, problem = (entry.shape, entry.context, entry.name, "") if entry else (None, 0, "", "")
        if here is not None:
            facts = self._of_header(here.path)
            problem = facts.problem
            if here.missing:
                problem = f"{len(here.missing)} of its files are missing: {', '.join(here.missing)}."
            if facts.shape is not None:
                shape, context, name = facts.shape, facts.shape.context, name or facts.name
        file = build.file if build else here.path.name if here else ""
        unfinished = self.library.unfinished(file)
        size = here.size if here is not None else build.size if build else None
        wanted = 0 if here is not None else max((size or 0) - unfinished, 0)
        speed = self.speeds.of(here.path) if here is not None else None
        return ModelRow(
            id=entry.id if entry else "",
            name=name or file,
            about=entry.about if entry else "",
            licence=entry.licence if entry else "",
            quant=build.quant if build else "",
            file=Path(file).name,
            size=size,
            path=here.path if here is not None else None,
            ours=here is not None and here.ours,
            unfinished=unfinished,
            fit=fit(shape, size, machine, words=words, download=wanted),
            tokens_per_second=speed,
            minutes=minutes(words, speed) if speed else None,
            template=entry.template if entry else "",
            context=context,
            usual=build is not None and entry is not None and build.quant == entry.default,
            problem=problem,
            added=here is not None and here.added,
        )


def shape_of(header: Header) -> Shape:
    """What the memory of a model depends on, from the header of its file."""
    return Shape.of(header.metadata, header.repacked)


def _recommended(rows: list[ModelRow], catalog: Catalog) -> ModelRow | None:
    """The first model of the catalogue in its usual build, or the largest smaller one that fits; else the largest other
    model that does; else the first that would fit beside fewer programs."""
    known = [row for row in rows if row.size and not row.problem and row.id and catalog.entry(row.id).repository]
    if not known:
        return None
    first = catalog.entry(known[0].id)
    usual = first.build().size or 0
    preferred = sorted((r for r in known if r.id == first.id and (r.size or 0) <= usual), key=_size, reverse=True)
    others = sorted((r for r in known if r.id != first.id and r.usual), key=_size, reverse=True)
    for verdict, candidates in (
        (Verdict.FITS, preferred),
        (Verdict.FITS, others),
        (Verdict.TIGHT, preferred[::-1]),
        (Verdict.TIGHT, others[::-1]),
    ):
        for row in candidates:
            if row.fit.verdict is verdict:
                return row
    return None


def _size(row: ModelRow) -> int:
    return row.size or 0


def parts_of(path: Path) -> list[Path]:
    """All files of the model that has this first file."""
    return [path.with_name(name) for name in part_names(path.name)]
