"""Whether a file can be trained on, and how long its answers are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longwriter_ui.errors import StoreError
from longwriter_ui.jsonl import Json, load_lines
from longwriter_ui.words import benchmark_count

# Words of an answer: the upper bounds of the histogram's bars, as the paper draws them.
BARS = (500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000)


@dataclass(frozen=True)
class Checked:
    """`kind` is "messages" or "pairs", as most lines have it; `problems` name lines that are not well formed; `words`
    are the lengths of the answers (the chosen ones), `repeated` counts lines that stood there before."""

    kind: str
    lines: int
    problems: tuple[str, ...]
    words: tuple[int, ...]
    repeated: int

    @property
    def bars(self) -> list[tuple[str, int]]:
        """How many answers have how many words."""
        edges = [0, *BARS]
        named = [
            (f"{low:,} to {high - 1:,}", sum(low <= n < high for n in self.words))
            for low, high in zip(edges, BARS, strict=False)
        ]
        return [*named, (f"{BARS[-1]:,} and more", sum(n >= BARS[-1] for n in self.words))]


def check(path: Path) -> Checked:
    """Look at every line; StoreError when the file cannot be read or is empty."""
    lines = load_lines(path)
    if not lines:
        raise StoreError(f"{path} holds no lines.", "Check the path.")
    conversations, paired = (sum(key in line for line in lines) for key in ("messages", "chosen"))
    if not conversations and not paired:
        raise StoreError(
            f'No line of {path} has "messages", or "chosen" and "rejected".',
            "Instructions become training data with `dataset build`.",
        )
    kind = "messages" if conversations >= paired else "pairs"
    problems, words = [], []
    for number, line in enumerate(lines, 1):
        problem = _problem(line, kind)
        if problem:
            problems.append(f"Line {number}: {problem}")
        else:
            answer = line["messages"][-1] if kind == "messages" else line["chosen"][-1]
            words.append(benchmark_count(answer["content"]))
    counts = Counter(repr(line) for line in lines)
    return Checked(kind, len(lines), tuple(problems), tuple(words), sum(n - 1 for n in counts.values()))


def _problem(line: Json, kind: str) -> str:
    """What is wrong with a line; empty where nothing is."""
    if kind == "messages":
        return problem_of_turns(line.get("messages"), whole=True)
    problem = problem_of_turns(line.get("prompt"), whole=False)
    for name in ("chosen", "rejected"):
        answer = line.get(name)
        if not problem and (not isinstance(answer, list) or len(answer) != 1 or not _is_turn(answer[0], "assistant")):
            problem = f'"{name}" is not one answer'
    if not problem and line["chosen"] == line["rejected"]:
        problem = "both answers are the same"
    return problem


def problem_of_turns(turns: Any, *, whole: bool) -> str:
    """What is wrong with a conversation; empty where nothing is. `whole`: it ends with an answer, else with the
    question."""
    name = "messages" if whole else "prompt"
    if not isinstance(turns, list) or not turns:
        return f'"{name}" is no list of turns'
    rest = turns[1:] if _is_turn(turns[0], "system") else turns
    for number, turn in enumerate(rest):
        role = "assistant" if number % 2 else "user"
        if not _is_turn(turn, role):
            return f"turn {number + 1} is not the {role}'s, or is empty"
    if not rest or (len(rest) % 2 == 0) is not whole:
        return f'"{name}" ends with the wrong turn'
    return ""


def _is_turn(turn: Any, role: str) -> bool:
    return (
        isinstance(turn, dict)
        and turn.get("role") == role
        and isinstance(turn.get("content"), str)
        and bool(turn["content"].strip())
    )
