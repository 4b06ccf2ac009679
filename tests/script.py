"""What the scripted engine writes in tests: plans that fit the request, paragraphs as long as asked for."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from longwriter_ui.engine.base import Engine, Proceed, Request, Role
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.host import ModelChoice
from longwriter_ui.plan import Step, parse_plan, render_plan

ASPECTS = ("How it began", "Who keeps it going", "What it costs", "What is often overlooked", "Where it leads")
WORDS = re.findall("[a-z]+", "the old road runs along a quiet shore where people wait for boats and talk about rain")


@dataclass(frozen=True)
class ScriptedOpener:
    """Gives out one scripted engine, whatever the path."""

    engine: ScriptedEngine

    def check(self, path: Path) -> ModelChoice:
        return ModelChoice(path, self.engine.info.name, demonstration=False)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        return self.engine


def author(request: Request) -> str:
    """A plan where a plan is asked for (grammar), all paragraphs for oneshot, else the paragraph asked for. An answer
    that has begun is continued."""
    last = request.conversation[-1]
    begun = last.text if last.role is Role.ASSISTANT else ""
    asked = [turn.text for turn in request.conversation if turn.role is Role.USER][-1]
    if again := re.match(r"Step (\d+) of this plan should", asked):
        return render_plan([Step("Another look at the matter", 100)], "en", int(again.group(1)))
    if request.grammar is not None:
        return plan_text(asked)
    if again := re.search(r"the new (?:paragraph|beginning) only, about (\d+) words", asked):
        turns = sum(turn.role is Role.USER for turn in request.conversation)  # else all revisions would be the same
        return paragraph_text(Step("Once more and anew", int(again.group(1))), str(turns))[len(begun) :]
    lines = asked.rstrip().splitlines()
    if lines[-2].endswith(("paragraph:", "这一段：")):
        return paragraph_text(parse_plan(lines[-1]).steps[0])[len(begun) :]
    steps = parse_plan(asked[re.search("Paragraph 1 |第1段", asked).start() :]).steps  # type: ignore[union-attr]
    return "\n\n".join(paragraph_text(step) for step in steps)[len(begun) :]


def plan_text(asked: str) -> str:
    """Five steps that add up to the number of words the plan prompt names."""
    total = int(re.search(r"about (\d+) words|全文约(\d+)字", asked).group(1) or 1000)  # type: ignore[union-attr]
    share = total // len(ASPECTS)
    return render_plan([Step(f"{aspect} in this piece", share) for aspect in ASPECTS], "en")


def paragraph_text(step: Step, salt: str = "") -> str:
    """Exactly as many words as the step asks for, beginning with its main point; `salt` makes another one of it."""
    words = re.findall(r"[a-zA-Z]+", step.main_point)
    chance = random.Random(step.main_point + salt)
    words += [chance.choice(WORDS) for _ in range(step.words or 0)]
    words = words[: step.words]
    sentences = [" ".join(words[i : i + 12]).capitalize() + "." for i in range(0, len(words), 12)]
    return " ".join(sentences)
