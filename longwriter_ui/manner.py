"""How the model is to write a draft, where that was chosen: the sampler, the lengths, the guard against loops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from longwriter_ui.errors import EditError

# Each with its name for the person, the least and the most.
NUMBERS = {
    "temperature": ("Temperature", 0.0, 2.0),
    "top_p": ("Top p", 0.0, 1.0),
    "top_k": ("Top k", 0, 1000),
    "min_p": ("Min p", 0.0, 1.0),
    "repeat_penalty": ("Repeat penalty", 1.0, 2.0),
    "dry_multiplier": ("DRY", 0.0, 5.0),
}
LENGTHS = ("off", "gentle", "strict")


@dataclass(frozen=True)
class Manner:
    """None: as usual, that is, as the command line or the defaults say. The numbers are those of `engine.Sampling`;
    `length` says how closely paragraphs are held to their lengths, `guard` whether loops are broken off."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    dry_multiplier: float | None = None
    length: str | None = None
    guard: bool | None = None

    def values(self) -> dict[str, object]:
        """What was chosen, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def sampler(self) -> dict[str, object]:
        """What was chosen of the sampler."""
        return {name: value for name, value in self.values().items() if name in NUMBERS}

    def with_values(self, values: Mapping[str, object]) -> Manner:
        """Some of it changed (None: as usual again); EditError when a value cannot be used."""
        return replace(self, **{name: _checked(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def _checked(name: str, value: object) -> object:
    if name not in Manner.__dataclass_fields__:
        raise EditError(f"There is no setting {name!r}.")
    if value is None:
        return None
    if name in NUMBERS:
        return _number(name, value)
    if name == "length" and value not in LENGTHS:
        raise EditError(f"There is no length control {value!r}.", f"Use one of: {', '.join(LENGTHS)}.")
    if name == "guard" and not isinstance(value, bool):
        raise EditError(f"{value!r} is neither on nor off.")
    return value


def _number(name: str, value: object) -> float:
    title, least, most = NUMBERS[name]
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    if not fits or (isinstance(least, int) and value != int(value)):  # type: ignore[call-overload]
        raise EditError(f"{title} cannot be {value!r}.", f"Give a number from {least:g} to {most:g}.")
    return int(value) if isinstance(least, int) else float(value)  # type: ignore[call-overload,arg-type]
