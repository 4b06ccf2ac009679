"""The draft: the plan and the text in one list. A paragraph is a step of the plan with what was written for it.

Text is never overwritten: every answer of the model and every edit of the person is a new Version.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from longwriter_ui.brief import Brief
from longwriter_ui.errors import PlanError
from longwriter_ui.manner import Manner
from longwriter_ui.plan import Step, fit_counts, parse_plan, render_plan
from longwriter_ui.words import count_words

PLAN_UNFINISHED = "The plan was broken off before it was complete."


class Mode(str, Enum):
    """What the model sees when it writes a paragraph; see prompts."""

    CONVERSATION = "conversation"
    AGENTWRITE = "agentwrite"
    ONESHOT = "oneshot"
    PARALLEL = "parallel"


class Status(str, Enum):
    """Life of a paragraph: planned -> writing -> written or failed; any of them -> writing again."""

    PLANNED = "planned"
    WRITING = "writing"
    WRITTEN = "written"
    FAILED = "failed"


class Author(str, Enum):
    """Who made a version."""

    MODEL = "model"
    USER = "user"


class FinishReason(str, Enum):
    """Why an answer ended: by itself, at its length limit, because it repeated itself, was stopped, or in an error."""

    STOP = "stop"
    LENGTH = "length"
    LOOP = "loop"
    CANCELLED = "cancelled"
    ERROR = "error"


@dataclass(frozen=True)
class Basis:
    """Hashes of what a version was written from; where they no longer match, the version is stale. `before` is empty
    where it was written without the text before it."""

    brief: str = ""
    step: str = ""
    before: str = ""


@dataclass(frozen=True)
class Version:
    """One text of a paragraph.

    `prompt` is the user turn that asked for it, `rest` the hash of the plan after this step as the model then knew
    it, `tokens` the ids the model generated (empty for a person's text) in the vocabulary named by `vocabulary`.
    """

    text: str
    author: Author
    finish: FinishReason = FinishReason.STOP
    basis: Basis = Basis()
    prompt: str = ""
    rest: str = ""
    tokens: tuple[int, ...] = ()
    vocabulary: str = ""


def new_key() -> str:
    """An unguessable id for a draft or a paragraph: 16 hexadecimal digits, since it also names files, and on a
    command line it must not begin with a dash."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Paragraph:
    """A step and its text. `key` stays the same through every edit and move; `version` is the current text, of
    `versions` that were made; `offered` are answers that wait for a choice."""

    step: Step
    key: str = field(default_factory=new_key)
    status: Status = Status.PLANNED
    version: Version | None = None
    versions: int = 0
    problem: str = ""  # what went wrong, for the person; only when status is FAILED
    offered: tuple[Version, ...] = ()

    @property
    def text(self) -> str:
        return self.version.text if self.version else ""

    @property
    def finished(self) -> bool:
        """Written to its end, as opposed to stopped in the middle or not begun."""
        return self.version is not None and self.version.finish in (FinishReason.STOP, FinishReason.LENGTH)


@dataclass(frozen=True)
class Draft:
    """A brief, its plan and its text. `opening` is the first prompt of the conversation as it was really sent,
    `raw_plan` the plan as the model printed it, kept for the person when no step could be read from it, `proposal` the
    lines of a new plan that waits to be accepted or discarded, `manner` what was chosen about the writing."""

    id: str
    title: str
    brief: Brief
    mode: Mode = Mode.CONVERSATION
    seed: int = 0
    paragraphs: tuple[Paragraph, ...] = ()
    opening: str = ""
    raw_plan: str = ""
    planning_problem: str = ""
    proposal: str = ""
    manner: Manner = field(default_factory=Manner)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(p.step for p in self.paragraphs)

    @property
    def text(self) -> str:
        """All text in order, paragraphs parted by a blank line."""
        return "\n\n".join(p.text.strip(" \t\n") for p in self.paragraphs if p.text.strip())

    @property
    def half_planned(self) -> bool:
        """Whether its steps are those of a plan that is still being made, or was broken off."""
        return bool(self.paragraphs) and self.planning_problem == PLAN_UNFINISHED

    @property
    def edited_steps(self) -> int:
        """How many steps the person changed, added or took away since the model made the plan."""
        if not self.paragraphs:
            return 0
        try:
            made = fit_counts(parse_plan(self.raw_plan).steps, self.brief.target_words)
        except PlanError:
            return len(self.paragraphs)
        changed = sum(mine != its for mine, its in zip(self.steps, made, strict=False))
        return changed + abs(len(self.steps) - len(made))

    @property
    def words(self) -> int:
        return sum(self.count(p.text) for p in self.paragraphs)

    def count(self, text: str) -> int:
        return count_words(text, self.brief.language)

    def index(self, key: str) -> int:
        """Position of the paragraph `key`; KeyError when there is none."""
        for i, paragraph in enumerate(self.paragraphs):
            if paragraph.key == key:
                return i
        raise KeyError(key)

    def with_paragraph(self, paragraph: Paragraph) -> Draft:
        """The draft with the paragraph of the same key replaced."""
        return replace(self, paragraphs=tuple(paragraph if p.key == paragraph.key else p for p in self.paragraphs))

    def added_to(self, before: Draft) -> int:
        """About how many bytes are stored anew where this draft takes the place of `before`: whole versions."""
        kept = {id(p.version) for p in before.paragraphs}
        versions = [p.version for p in self.paragraphs if p.version is not None and id(p.version) not in kept]
        return sum(len(each.text) + len(each.prompt) + 4 * len(each.tokens) for each in versions)

    def bases(self) -> tuple[Basis, ...]:
        """What each paragraph would be written from now; one pass over the text."""
        brief, before, result, cue = _digest(self.brief.asked), hashlib.sha256(), [], ""
        for paragraph in self.paragraphs:
            cue = paragraph.step.cue or cue
            asked = (paragraph.step.note, cue)
            # A step without notes keeps the hash it had before there were any.
            told = "\0".join(("", *asked)) if any(asked) else ""
            step = _digest(f"{paragraph.step.main_point}\0{paragraph.step.words}{told}")
            result.append(Basis(brief, step, before.hexdigest()[:16]))
            before.update(paragraph.text.strip().encode() + b"\0")
        return tuple(result)

    def basis(self, index: int) -> Basis:
        """What paragraph `index` would be written from now."""
        return self.bases()[index]

    def stale_marks(self) -> tuple[tuple[str, ...], ...]:
        """For each paragraph, the names of what changed since it was written: of "brief", "step", "before"."""
        return tuple(
            tuple(
                name
                for name in ("brief", "step", "before")
                if getattr(now, name) != getattr(p.version.basis, name)
                and (name != "before" or p.version.basis.before or not p.version.basis.brief)
            )
            if p.version
            else ()
            for p, now in zip(self.paragraphs, self.bases(), strict=True)
        )

    def stale(self, index: int) -> tuple[str, ...]:
        """The stale marks of paragraph `index`."""
        return self.stale_marks()[index]

    def written_for(self, index: int) -> str:
        """The main point that the text of paragraph `index` was asked for with; empty where that is not known."""
        version = self.paragraphs[index].version
        lines = version.prompt.rstrip().splitlines() if version else []
        try:
            return parse_plan(lines[-1]).steps[0].main_point if lines else ""
        except PlanError:
            return ""

    def cue(self, index: int) -> str:
        """What holds for step `index`: its own cue, else the last one before it."""
        return next((step.cue for step in reversed(self.steps[: index + 1]) if step.cue), "")

    def rest(self, index: int) -> str:
        """Hash of the plan from step `index` on, with its numbers."""
        return _digest(render_plan(self.steps[index:], self.brief.language, index + 1))


def paragraphs_of(steps: Sequence[Step]) -> tuple[Paragraph, ...]:
    """Fresh cards for the steps of a new plan."""
    return tuple(Paragraph(step) for step in steps)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
