"""What a process did to its files, as `shim.c` wrote it down, and what of it a power cut may leave on the disk.

The disk is one that keeps no promise it does not make: what was written to a file and not synced may be there, or not,
write by write and sector by sector. Names (files made, renamed, removed) come to the disk in their order, as they do
with a journal; a synced folder has all of them, a synced file at least its own making.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SECTOR = 512


@dataclass(frozen=True)
class Event:
    """kind: create, write, truncate, sync, rename, unlink, mkdir or mark. `offset`: of what was written, or the new
    length; `data`: what was written, or the text of the mark."""

    kind: str
    path: str
    offset: int = 0
    other: str = ""
    data: bytes = b""


def read_trace(path: Path) -> list[Event]:
    """The events in the order they happened."""
    events, data, at = [], path.read_bytes(), 0
    while at < len(data):
        end = data.index(b"\n", at)
        kind, name, offset, length, other = data[at:end].decode().split("\t")
        at = end + 1
        size = int(length) if kind in ("write", "mark") else 0
        events.append(Event(kind, name, int(offset), other, data[at : at + size]))
        at += size
    return events


@dataclass
class _File:
    """One file, whatever it is called: what is on the disk for certain, and what was done to it since."""

    durable: bytes = b""
    pending: list[Event] = field(default_factory=list)
    made: int = 0  # how many changes of names there were when it had been made

    def sync(self) -> None:
        self.durable, self.pending = _applied(self.durable, self.pending), []


@dataclass
class Disk:
    """The disk below `folder`, which had `files` at first; `run` lets events happen to it."""

    folder: Path
    files: dict[str, bytes]

    def __post_init__(self) -> None:
        self._names: dict[str, _File] = {name: _File(data) for name, data in self.files.items()}
        self._first = dict(self._names)
        self._changes: list[tuple[str, str, str, _File | None]] = []  # of names: what, which, to which, of which file
        self._settled = 0  # so many of them are on the disk for certain

    def run(self, event: Event) -> None:
        """One more event. What was begun before tracing began is not known, and left out."""
        path = event.path
        if event.kind in ("create", "mkdir"):
            file = _File() if event.kind == "create" else None
            self._changes.append((event.kind, path, "", file))
            if file is not None:
                self._names[path], file.made = file, len(self._changes)
        elif event.kind == "rename":
            self._names[event.other] = self._names.pop(path)
            self._changes.append(("rename", path, event.other, None))
        elif event.kind == "unlink":
            self._names.pop(path, None)
            self._changes.append(("unlink", path, "", None))
        elif event.kind == "sync" and path in self._names:
            self._names[path].sync()
            self._settled = max(self._settled, self._names[path].made)
        elif event.kind == "sync":
            self._settled = len(self._changes)
        elif event.kind in ("write", "truncate"):
            self._names[path].pending.append(event)

    def least(self) -> dict[str, bytes | None]:
        """Nothing is left but what was synced. A folder is None."""
        return self._state(self._settled, lambda events: [])

    def most(self) -> dict[str, bytes | None]:
        """All of it is left, as after a kill."""
        return self._state(len(self._changes), lambda events: events)

    def some(self, chance: random.Random) -> dict[str, bytes | None]:
        """Something in between."""

        def chosen(events: list[Event]) -> list[Event]:
            return [_torn(event, chance) for event in events if chance.random() < 0.5]

        return self._state(chance.randint(self._settled, len(self._changes)), chosen)

    def _state(self, changes: int, choose: Callable[[list[Event]], list[Event]]) -> dict[str, bytes | None]:
        names: dict[str, _File | None] = dict(self._first)
        for what, path, other, file in self._changes[:changes]:
            if what in ("create", "mkdir"):
                names[path] = file
            elif what == "rename":
                names[other] = names.pop(path)
            else:
                names.pop(path, None)
        return {
            path: None if file is None else _applied(file.durable, choose(file.pending)) for path, file in names.items()
        }


def lay_out(state: dict[str, bytes | None], old: Path, new: Path) -> None:
    """Write the state of the folder `old` down as the folder `new`."""
    new.mkdir(parents=True)
    for name, data in sorted(state.items()):
        path = new / Path(name).relative_to(old)
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def cuts(events: Sequence[Event], chance: random.Random, between: int) -> list[int]:
    """After how many events the power is cut: before and after each sync, and at a few places in between."""
    places = {0, len(events)}
    for number, event in enumerate(events):
        if event.kind == "sync":
            places |= {number, number + 1}
    places.update(chance.randint(0, len(events)) for _ in range(between))
    return sorted(places)


def _torn(event: Event, chance: random.Random) -> Event:
    """Of a long write perhaps only the first sectors."""
    if event.kind == "write" and len(event.data) > _SECTOR and chance.random() < 0.25:
        kept = chance.randrange(1, len(event.data) // _SECTOR + 1) * _SECTOR
        return Event("write", event.path, event.offset, "", event.data[:kept])
    return event


def _applied(data: bytes, events: Sequence[Event]) -> bytes:
    result = bytearray(data)
    for event in events:
        if event.kind == "truncate":
            del result[event.offset :]
            result.extend(bytes(event.offset - len(result)))
        else:
            if len(result) < event.offset:
                result.extend(bytes(event.offset - len(result)))
            result[event.offset : event.offset + len(event.data)] = event.data
    return bytes(result)
