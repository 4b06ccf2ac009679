"""A draft with everything there is about it, as a value and as JSON: the project file.

    {"format": "longwriter-project", "version": 1, "title", "instruction", "target_words", "language", "mode", "seed",
     "manner": {...}, "opening", "raw_plan", "planning_problem", "export_options": {...},
     "paragraphs": [{"main_point", "words", "status", "problem", "deleted", "current": index or null,
                     "versions": [{"text", "author", "finish", "basis": {"brief", "step", "before"}, "prompt", "rest",
                                   "tokens", "vocabulary", "created"}]}]}

A file comes from anywhere, so nothing in it is believed before it was checked, and its ids are never used: the draft
and its paragraphs get new ones. Whatever `dump` writes, `load` takes: a text has no limit but that of the file, since a
model or an earlier version may have made a longer one than an edit may.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any, TypeVar

from longwriter_ui.brief import MAX_WORDS, Brief
from longwriter_ui.draft import Author, Basis, Draft, FinishReason, Mode, Paragraph, Status, Version, new_key
from longwriter_ui.edits import MAX_STEPS
from longwriter_ui.errors import BriefError, EditError, ExportError, ImportRefused
from longwriter_ui.manner import Manner
from longwriter_ui.past import Past, told
from longwriter_ui.plan import Step

FORMAT = "longwriter-project"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
MAX_DELETED = 5_000

_E = TypeVar("_E", bound=Enum)
Json = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """`history` holds all versions of a paragraph by its key, oldest first, the current one among them; `deleted` the
    paragraphs that have left the draft, oldest first."""

    draft: Draft
    history: Mapping[str, tuple[Past, ...]] = field(default_factory=dict)
    deleted: tuple[Paragraph, ...] = ()
    export_options: Mapping[str, object] = field(default_factory=dict)

    def past(self, paragraph: Paragraph) -> tuple[Past, ...]:
        """All versions of a paragraph of this project; without a history its present one, made now."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        return self.history.get(paragraph.key, (Past(paragraph.version, now),) if paragraph.version else ())


def dump(project: Project) -> bytes:
    """The project as JSON in UTF-8, but for texts that only led up to the next one, and deleted steps without text.
    ExportError when it is larger than `load` takes."""
    draft = project.draft
    deleted = [p for p in project.deleted if project.past(p)][-MAX_DELETED:]
    cards = [(p, False) for p in draft.paragraphs] + [(p, True) for p in deleted]
    values = {
        "format": FORMAT,
        "version": VERSION,
        "title": draft.title,
        "instruction": draft.brief.instruction,
        "target_words": draft.brief.target_words,
        "language": draft.brief.language,
        "notes": draft.brief.notes,
        "mode": draft.mode.value,
        "seed": draft.seed,
        "opening": draft.opening,
        "raw_plan": draft.raw_plan,
        "planning_problem": draft.planning_problem,
        "proposal": draft.proposal,
        "manner": draft.manner.values(),
        "export_options": dict(project.export_options),
        "paragraphs": [_paragraph_values(p, project.past(p), gone) for p, gone in cards],
    }
    data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if len(data) > MAX_BYTES:
        raise ExportError(
            f"With all its versions the draft has {len(data) // 2**20:,} MB; the most is {MAX_BYTES // 2**20} MB.",
            "Export its text in another format, and keep a copy of the data directory.",
        )
    return data


def load(data: bytes) -> Project:
    """The project in a file; ImportRefused, saying where, when it is none or has something wrong in it."""
    if len(data) > MAX_BYTES:
        raise ImportRefused(
            f"The project file has {len(data) // 2**20:,} MB; the most is {MAX_BYTES // 2**20} MB.",
            "Nothing was added.",
        )
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _refused(f"it is no JSON: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _refused(f'it does not say "format": "{FORMAT}"')
    version = values.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _refused("its version is no number")
    if version > VERSION:
        raise ImportRefused(
            f"The project file was saved by a newer version of LongWriter Studio (format {version}).",
            "Update the application.",
        )
    return _Reader(values).project()


class _Reader:
    """Reads values by name and complains with the place they stand at."""

    def __init__(self, values: Json, where: str = "") -> None:
        self._values = values
        self._where = where

    def project(self) -> Project:
        try:
            words = self._integer("target_words", 1, 10**9)
            language, notes = self._text("language", 10), self._optional("notes")
            brief = Brief.create(self._text("instruction"), words, language, notes)
        except BriefError as error:
            raise _refused(error.message) from error
        cards = self._objects("paragraphs", MAX_STEPS + MAX_DELETED)
        paragraphs: list[Paragraph] = []
        deleted: list[Paragraph] = []
        history: dict[str, tuple[Past, ...]] = {}
        for card in cards:
            paragraph, past = card._paragraph()
            (deleted if card._boolean("deleted") else paragraphs).append(paragraph)
            history[paragraph.key] = past
        if len(paragraphs) > MAX_STEPS:
            raise self._wrong("paragraphs", f"has more than {MAX_STEPS:,} entries")
        options = self._values.get("export_options", {})
        if not isinstance(options, dict):
            raise self._wrong("export_options", "is no object")
        title = " ".join(self._text("title", 300).split())
        draft = Draft(
            id=new_key(),
            title=title or brief.title,
            brief=brief,
            mode=self._choice("mode", Mode),
            seed=self._integer("seed", 0, 2**31 - 1),
            paragraphs=tuple(paragraphs),
            opening=self._text("opening"),
            raw_plan=self._text("raw_plan"),
            planning_problem=self._text("planning_problem"),
            proposal=self._optional("proposal"),
            manner=self._manner(),
        )
        return Project(draft, history, tuple(deleted), options)

    def _paragraph(self) -> tuple[Paragraph, tuple[Past, ...]]:
        past = tuple(entry._past() for entry in self._objects("versions"))
        current = self._integer("current", 0, len(past) - 1) if self._values.get("current") is not None else None
        words = self._integer("words", 1, MAX_WORDS) if self._values.get("words") is not None else None
        version = past[current].version if current is not None else None
        status = self._choice("status", Status)
        if status in (Status.WRITING, Status.WRITTEN):  # what was being written somewhere is not being written here
            status = Status.WRITTEN if version else Status.PLANNED
        paragraph = Paragraph(
            Step(
                self._text("main_point"),
                words,
                self._boolean("locked"),
                self._optional("note"),
                self._optional("cue"),
            ),
            key=new_key(),
            status=status,
            version=version,
            versions=len(past),
            problem=self._text("problem") if status is Status.FAILED else "",
        )
        return paragraph, past

    def _past(self) -> Past:
        basis = _Reader(self._object("basis"), f"{self._where}basis.")
        version = Version(
            text=self._text("text"),
            author=self._choice("author", Author),
            finish=self._choice("finish", FinishReason),
            basis=Basis(basis._text("brief", 64), basis._text("step", 64), basis._text("before", 64)),
            prompt=self._text("prompt"),
            rest=self._text("rest", 64),
            tokens=self._tokens(),
            vocabulary=self._text("vocabulary"),
        )
        return Past(version, self._time("created"))

    def _manner(self) -> Manner:
        values = self._values.get("manner", {})
        if not isinstance(values, dict):
            raise self._wrong("manner", "is no object")
        try:
            return Manner().with_values(values)
        except EditError as error:
            raise _refused(error.message) from error

    def _tokens(self) -> tuple[int, ...]:
        tokens = self._values.get("tokens", [])
        if isinstance(tokens, list) and all(type(token) is int and 0 <= token < 2**31 for token in tokens):
            return tuple(tokens)
        raise self._wrong("tokens", "is no list of token ids")

    def _time(self, name: str) -> str:
        try:
            moment = datetime.fromisoformat(self._text(name, 40)).astimezone(timezone.utc)
        except (ValueError, OverflowError) as error:
            raise self._wrong(name, "is no time") from error
        return moment.isoformat(timespec="milliseconds")

    def _text(self, name: str, limit: int = MAX_BYTES) -> str:
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "is missing" if value is None else "is no text")
        if len(value) > limit:
            raise self._wrong(name, f"has {len(value):,} characters; the most is {limit:,}")
        if any("\ud800" <= c <= "\udfff" or c == "\x00" for c in value):
            raise self._wrong(name, "has characters that belong to no text")
        return value

    def _optional(self, name: str) -> str:
        """A text that files of earlier versions lack."""
        return self._text(name) if name in self._values else ""

    def _integer(self, name: str, low: int, high: int) -> int:
        value = self._values.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name, f"is no whole number from {low:,} to {high:,}")
        return value

    def _boolean(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "is neither true nor false")
        return value

    def _choice(self, name: str, kind: type[_E]) -> _E:
        value = self._values.get(name)
        for member in kind:
            if member.value == value:
                return member
        raise self._wrong(name, f"is none of: {', '.join(str(member.value) for member in kind)}")

    def _object(self, name: str) -> Json:
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "is no object")
        return value

    def _objects(self, name: str, limit: int = MAX_BYTES) -> list[_Reader]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self._wrong(name, "is no list of objects")
        if len(value) > limit:
            raise self._wrong(name, f"has more than {limit:,} entries")
        return [_Reader(entry, f"{self._where}{name}[{n}].") for n, entry in enumerate(value)]

    def _wrong(self, name: str, what: str) -> ImportRefused:
        return _refused(f"{self._where}{name} {what}")


def _refused(why: str) -> ImportRefused:
    return ImportRefused(f"This is no project file that can be read: {why}.", "Nothing was added.")


def _paragraph_values(paragraph: Paragraph, past: tuple[Past, ...], deleted: bool) -> Json:
    # The last that is the same: two equal versions are the same text, whichever of them is current.
    current = max((n for n, entry in enumerate(past) if entry.version == paragraph.version), default=None)
    kept = told(past, current)
    return {
        "main_point": paragraph.step.main_point,
        "words": paragraph.step.words,
        "locked": paragraph.step.locked,
        "note": paragraph.step.note,
        "cue": paragraph.step.cue,
        "status": paragraph.status.value,
        "problem": paragraph.problem,
        "deleted": deleted,
        "current": None if current is None else kept.index(current),
        "versions": [
            {
                "text": version.text,
                "author": version.author.value,
                "finish": version.finish.value,
                "basis": {"brief": version.basis.brief, "step": version.basis.step, "before": version.basis.before},
                "prompt": version.prompt,
                "rest": version.rest,
                "tokens": list(version.tokens),
                "vocabulary": version.vocabulary,
                "created": created,
            }
            for version, created in ((past[n].version, past[n].created) for n in kept)
        ],
    }
