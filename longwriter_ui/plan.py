"""The plan: its steps, and the AgentWrite line format they are read from and printed in.

    Paragraph N - Main Point: ... - Word Count: NNN words
    第N段 - 主要观点：... - 字数：NNN字

Models print this format in many shapes; `parse_plan` reads them all and never drops a line silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from longwriter_ui.errors import PlanError

_LEAST, _MOST = 200, 1000  # words the method gives a step
MAX_STEP_WORDS = 20_000  # a count beyond this, or of 0, is taken as none

STEP_HEAD = r"(?:Paragraph\s\d+\s[-–—]\sMain\sPoint|第\s?\d+\s?段\s?[-–—]\s?主要观点)\s?[:：]"
STEP_TAIL = r"\s[-–—]\s(?:Word\sCount|字数)\s?[:：]\s?\d"
"""How a line of a plan begins, and how it comes to its end, as patterns: nothing else does so."""

_NUMBER = r"(\d[\d,]*)"
_ABOUT = r"(?:about|around|approximately|approx\.?|ca\.?|约|大约|~|≈)?"
_RANGE = rf"{_ABOUT}\s*{_NUMBER}(?:\s*(?:-|–|—|~|～|to|至|到)\s*{_NUMBER})?"
_UNIT = r"(?:words?|字|词)"
_CLOSING = r"[(（\s]{0,3}(?:approximately|approx|左右|以内|上下)?[*_)）\]】.。|\s]{0,12}"
_COUNT_LABEL = r"[*_]*(?:word\s*count|words|字数)[*_]*\s*[:：]\s*[*_]*\s*"
_DECORATION = r"[\s>#*_•`|\-]{0,12}"  # bounded, as every run here: a model that loops may print thousands of dashes
_ORDINAL = r"(?:no\.?\s*)?#?(?:\d+(?:[-–—~]\d+(?=\s*[-–—－:：]))?|one|two|three|four|five|six|seven|eight|nine|ten)\b"
_NAMED = (
    rf"(?:(?:paragraph|para|section|step|part|chapter)\s*{_ORDINAL}|段落\s*\d+"
    r"|第\s*[\d一二三四五六七八九十百零两]+\s*(?:段落?|步|节|部分|章))"
)
_NAMED_HEAD = re.compile(rf"^{_DECORATION}(?:\d+\s*[.)、]\s*)?{_DECORATION}{_NAMED}[\s:：.)*_\-–—－|]*", re.IGNORECASE)
# A name behind the number ("2. Chapter two: The storm") belongs to the head where something follows it.
_NUMBERED_HEAD = re.compile(
    rf"^{_DECORATION}\d+\s*[.)、：:](?!\d)\s*(?:{_DECORATION}{_NAMED}[\s*_]{{0,3}}[:：\-–—－|][\s:：*_\-–—－|]*(?=\S))?",
    re.IGNORECASE,
)
_BULLET_HEAD = re.compile(r"^\s*[-*•–]\s+")
_RUN_TOGETHER = re.compile(
    rf"(?:(?<=words)|(?<=words\.)|(?<=[字词])|(?<=[字词]。))[ \t]+(?=[*_]{{0,3}}{_NAMED}\s*[*_]{{0,3}}[-–—－:：])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"[*_]*(?:main\s*(?:point|idea)|主要观点|主要论点|主旨|要点)[*_]*\s*[:：]\s*[*_]*\s*", re.IGNORECASE
)
_COUNT = re.compile(rf"[\s\-–—－|,，;；(（\[【]{{0,9}}{_COUNT_LABEL}{_RANGE}\s*{_UNIT}?{_CLOSING}$", re.IGNORECASE)
_INNER_COUNT = re.compile(rf"[\s\-–—－|,，;；]{{0,9}}{_COUNT_LABEL}{_RANGE}\s*{_UNIT}", re.IGNORECASE)
_EMPTY_COUNT = re.compile(rf"[\s\-–—－|,，;；(（\[【]{{0,9}}{_COUNT_LABEL}$", re.IGNORECASE)
_BARE_COUNT = re.compile(rf"[\s\-–—－|,，;；(（\[【*_]{{1,9}}{_RANGE}\s*{_UNIT}{_CLOSING}$", re.IGNORECASE)
_LEADING_COUNT = re.compile(rf"^[(（\[【]\s*{_RANGE}\s*{_UNIT}\s*[)）\]】][\s:：\-–—－]*", re.IGNORECASE)
_COUNT_LINE = re.compile(rf"^{_DECORATION}{_COUNT_LABEL}{_RANGE}\s*{_UNIT}?{_CLOSING}$", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One paragraph to be: what it says (one line) and how long it is (None where no count was given).

    `locked`: rebalancing leaves its words alone. `note` tells the writer something about this step, `cue` about this
    one and all that follow.
    """

    main_point: str
    words: int | None = None
    locked: bool = False
    note: str = ""
    cue: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "main_point", " ".join(self.main_point.split()))


@dataclass(frozen=True)
class ParsedPlan:
    """What `parse_plan` found: the steps, and the lines that belong to none (a preamble, a closing remark)."""

    steps: tuple[Step, ...]
    unused: tuple[str, ...]


def parse_plan(text: str) -> ParsedPlan:
    """Read a plan as models and people write it; PlanError, with the raw text, when it holds no step."""
    lines = _RUN_TOGETHER.sub("\n", text).splitlines()
    # Where no line names its paragraph, a plain numbered list is a plan too, and so is a plain list. In a numbered list
    # a few lines may look like names of paragraphs ("2. Chapter two").
    named = [line for line in lines if _NAMED_HEAD.match(line)]
    numbered = sum(1 for line in lines if _NUMBERED_HEAD.match(line))
    for head in (_NAMED_HEAD, _NUMBERED_HEAD, _BULLET_HEAD):
        reader = _Reader(head)
        reader.read(lines)
        is_list = head is _NAMED_HEAD and len(reader.steps) < numbered and all(map(_NUMBERED_HEAD.match, named))
        if reader.steps and not is_list:
            return ParsedPlan(tuple(reader.steps), tuple(reader.unused))
    raise PlanError(
        "No step was found in the plan.",
        "Write one line for each paragraph: Paragraph 1 - Main Point: ... - Word Count: 300 words.",
        raw=text,
    )


def render_step(number: int, step: Step, language: str) -> str:
    """One line of the AgentWrite format; the count is left out where the step has none."""
    if language == "zh":
        count = f" - 字数：{step.words}字" if step.words is not None else ""
        return f"第{number}段 - 主要观点：{step.main_point}{count}"
    count = f" - Word Count: {step.words} words" if step.words is not None else ""
    return f"Paragraph {number} - Main Point: {step.main_point}{count}"


def render_plan(steps: Sequence[Step], language: str, first: int = 1) -> str:
    """The lines of `steps`, numbered from `first`."""
    return "\n".join(render_step(n, step, language) for n, step in enumerate(steps, first))


def fill_counts(steps: Sequence[Step], target_words: int) -> tuple[Step, ...]:
    """Steps without a count share what the others leave of the target, at least 50 words each. What is more than a step
    may have is left over."""
    missing = sum(step.words is None for step in steps)
    if not missing:
        return tuple(steps)
    left = target_words - sum(step.words or 0 for step in steps)
    share = min(max(50, round(left / missing / 10) * 10), MAX_STEP_WORDS)
    return tuple(step if step.words is not None else replace(step, words=share) for step in steps)


def fit_counts(steps: Sequence[Step], target_words: int, tolerance: float = 0.15) -> tuple[Step, ...]:
    """Word counts scaled to the target, in tens, where the model's own total misses it by more than `tolerance`."""
    steps = fill_counts(steps, target_words)
    total = sum(step.words or 0 for step in steps)
    if not total or abs(total - target_words) <= tolerance * target_words:
        return steps
    counts = [max(20, round((step.words or 0) * target_words / total / 10) * 10) for step in steps]
    if max(counts) > MAX_STEP_WORDS:  # the others take what that step may not have
        counts = _shares(counts, min(target_words, MAX_STEP_WORDS * len(steps)), 20, MAX_STEP_WORDS)
    return tuple(replace(step, words=words) for step, words in zip(steps, counts, strict=True))


def rebalance(steps: Sequence[Step], target_words: int) -> tuple[Step, ...]:
    """The target spread over the unlocked steps in the proportions they have, each within 200-1000 words where that
    is possible. PlanError where the locked steps leave nothing to spread; what is more than the unlocked ones may have
    is left over.

    >>> [step.words for step in rebalance([Step("a", 100), Step("b", 300), Step("c", 500, locked=True)], 1500)]
    [250, 750, 500]
    """
    free = [i for i, step in enumerate(steps) if not step.locked]
    budget = target_words - sum(step.words or 0 for step in steps if step.locked)
    if not free or budget < len(free):
        raise PlanError("The locked steps leave no words to spread.", "Unlock a step, or give it fewer words.")
    budget = min(budget, MAX_STEP_WORDS * len(free))
    low = _LEAST if budget >= _LEAST * len(free) else 1
    high = _MOST if budget <= _MOST * len(free) else min(budget, MAX_STEP_WORDS)
    shares = _shares([steps[i].words or budget / len(free) for i in free], budget, low, high)
    result = list(steps)
    for i, words in zip(free, shares, strict=True):
        result[i] = replace(steps[i], words=words)
    return tuple(result)


def _shares(weights: Sequence[float], budget: int, low: int, high: int) -> list[int]:
    """`budget` in proportion to `weights`, each share from `low` to `high`, in tens but for the last words."""
    scale, floor, ceiling = budget / sum(weights), 0.0, float(budget)
    # The scale at which the clamped shares add up to the budget, found by halving.
    for _ in range(60):
        total = sum(min(high, max(low, weight * scale)) for weight in weights)
        if total < budget:
            floor = scale
            scale = (scale + ceiling) / 2
        else:
            ceiling = scale
            scale = (scale + floor) / 2
    unit = 10 if low % 10 == 0 else 1
    shares = [int(min(high, max(low, weight * scale)) // unit * unit) for weight in weights]
    while (left := budget - sum(shares)) > 0:
        room = [i for i, share in enumerate(shares) if share < high] or list(range(len(shares)))
        i = min(room, key=lambda i: shares[i] - weights[i] * scale)
        shares[i] += min(unit, left)
    return shares


class _Reader:
    """Collects steps line by line; a step may run over several lines until its count or a blank line ends it."""

    def __init__(self, head: re.Pattern[str]) -> None:
        self.head = head
        self.steps: list[Step] = []
        self.unused: list[str] = []
        self._parts: list[str] | None = None  # of the open step: its lines without the head
        self._lines: list[str] = []  # the same lines as they came

    def read(self, lines: Sequence[str]) -> None:
        for line in lines:
            match = self.head.match(line)
            if match:
                self._close()
                self._parts = [line[match.end() :]]
                self._lines = [line]
            elif self._parts is None:
                if line.strip() and not self._take_count(line):
                    self.unused.append(line.strip())
            elif line.strip():
                self._parts.append(line)
                self._lines.append(line)
            elif _clean_point(" ".join(self._parts))[0]:
                self._close()  # a blank line ends a step that has its main point
                continue
            # The label and its number may stand on two lines.
            if self._parts is not None and _COUNT.search(" ".join(self._parts[-2:])):
                self._close()
        self._close()

    def _take_count(self, line: str) -> bool:
        """Give the last step the count that stands on a line of its own after a blank one."""
        match = _COUNT_LINE.match(line)
        if not match or not self.steps or self.steps[-1].words is not None:
            return False
        self.steps[-1] = Step(self.steps[-1].main_point, _midpoint(match))
        return True

    def _close(self) -> None:
        if self._parts is None:
            return
        parts, self._parts = self._parts, None
        point, words = _clean_point(" ".join(parts))
        if point:
            self.steps.append(Step(point, words))
        else:
            self.unused.extend(line.strip() for line in self._lines if line.strip())


def _clean_point(text: str) -> tuple[str, int | None]:
    """Main point and word count (the midpoint of a range) of one step's joined lines."""
    text = " ".join(text.split())
    words = None
    lead = _LEADING_COUNT.match(text)
    if lead:
        words, text = _midpoint(lead), text[lead.end() :]
    tail = _COUNT.search(text) or (_BARE_COUNT.search(text) if words is None else None)
    inner = None if tail else _INNER_COUNT.search(text)
    if tail:
        words, text = _midpoint(tail), text[: tail.start()]
    elif inner:
        words, text = _midpoint(inner), text[: inner.start()] + text[inner.end() :]
    text = _EMPTY_COUNT.sub("", text)
    label = _LABEL.search(text)
    if label and not text[: label.start()].strip(" *_:-–—－("):
        text = text[label.end() :]
    text = text.strip().rstrip("-–—－| ").strip()
    if text.count("**") % 2:
        text = text.replace("**", "")  # the other one stood around a label
    return text.strip(), words


def _midpoint(match: re.Match[str]) -> int | None:
    """Midpoint of a count or a range; None where that is no length for a paragraph."""
    numbers = [group.replace(",", "") for group in match.groups() if group]
    if any(len(number) > 9 for number in numbers):
        return None
    words = sum(map(int, numbers)) // len(numbers)
    return words if 1 <= words <= MAX_STEP_WORDS else None
