"""What a person chooses about an exported file; remembered with each draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum

from longwriter_ui.errors import ExportError

MAX_AUTHOR = 200  # characters
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")


class Headings(str, Enum):
    """Where headings come from: the subtitles in the text, the steps of the plan in their place, or nowhere."""

    SUBTITLES = "subtitles"
    STEPS = "steps"
    NONE = "none"


class Paper(str, Enum):
    """Size of a page (DOCX, ODT, PDF)."""

    A4 = "a4"
    A5 = "a5"
    LETTER = "letter"

    @property
    def millimetres(self) -> tuple[float, float]:
        """Width and height."""
        return {"a4": (210.0, 297.0), "a5": (148.0, 210.0), "letter": (215.9, 279.4)}[self.value]


class Font(str, Enum):
    """Letters with serifs or without; each format names real fonts for it."""

    SERIF = "serif"
    SANS = "sans"


@dataclass(frozen=True)
class Options:
    """`plan` adds the plan as an appendix, `metadata` writes date, length and brief into the file's properties,
    `clean` removes habits of the model that are not part of the text (see `cleaning`)."""

    title_page: bool = False
    author: str = ""
    contents: bool = False
    headings: Headings = Headings.SUBTITLES
    plan: bool = False
    metadata: bool = False
    paper: Paper = Paper.A4
    font: Font = Font.SERIF
    clean: bool = True

    def with_values(self, values: Mapping[str, object]) -> Options:
        """These options with some replaced, by name, as they come from a page or a file; ExportError names a wrong
        one."""
        checked: dict[str, object] = {}
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ExportError(f"There is no export option {name!r}.", f"There are: {', '.join(known)}.")
            checked[name] = _checked(name, value, type(known[name]))
        return replace(self, **checked)  # type: ignore[arg-type]

    def values(self) -> dict[str, object]:
        """Name and value of each option, as JSON can hold them."""
        return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(self).items()}


def _checked(name: str, value: object, kind: type) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise ExportError(f"The export option {name} is either on or off, not {value!r}.")
        return value
    if not isinstance(value, str):
        raise ExportError(f"The export option {name} cannot be {value!r}.")
    if issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            choices = ", ".join(member.value for member in kind)
            raise ExportError(f"The export option {name} cannot be {value!r}.", f"Choose from: {choices}.") from error
    text = " ".join(_CONTROL.sub(" ", value).split())
    if len(text) > MAX_AUTHOR:
        raise ExportError(f"The name of the author has {len(text):,} characters; the most is {MAX_AUTHOR}.")
    return text
