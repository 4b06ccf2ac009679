"""The prompts of AgentWrite, from the template files beside this module, in English and Chinese.

A language other than these two gets the English prompts and is told which language to write in. Slots are filled
once, so braces or dollar signs in a person's text stay what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import Conversation, Part, user
from longwriter_ui.plan import Step, render_plan, render_step
from longwriter_ui.words import LANGUAGES

_HERE = Path(__file__).parent

# A main point of 8 to 400 characters, a count of 2 to 4 digits, 1 to 50 lines: whatever is sampled can be parsed.
_GRAMMAR = """\
root ::= line ("\\n" line){{0,49}} "\\n"?
line ::= "{head}" number "{label}" point "{count}" words "{unit}"
number ::= [1-9] [0-9]?
words ::= [1-9] [0-9]{{1,3}}
point ::= [^\\n \\u3000] [^\\n]{{7,399}}
"""


def plan_prompt(brief: Brief) -> Conversation:
    """Asks for the plan."""
    text = _template("plan", brief.language).format(instruction=_instruction(brief), words=brief.target_words)
    return (user(text),)


def plan_grammar(language: str) -> str:
    """GBNF that holds a plan to the AgentWrite line format."""
    if language == "zh":
        return _GRAMMAR.format(head="第", label="段 - 主要观点：", count=" - 字数：", unit="字")
    return _GRAMMAR.format(head="Paragraph ", label=" - Main Point: ", count=" - Word Count: ", unit=" words")


def opening(brief: Brief, steps: Sequence[Step]) -> str:
    """The first words of a conversation: the request and the whole plan. The first `turn` follows directly."""
    plan = render_plan(steps, brief.language)
    return _template("opening", brief.language).format(instruction=_instruction(brief), plan=plan)


def turn(number: int, step: Step, language: str) -> str:
    """Asks for one paragraph."""
    return _template("turn", language).format(step=render_step(number, step, language))


def amendment(steps: Sequence[Step], first: int, language: str) -> str:
    """Says that the plan from step `first` on has changed; a `turn` follows directly."""
    return _template("amendment", language).format(plan=render_plan(steps, language, first))


def agentwrite(
    brief: Brief, steps: Sequence[Step], index: int, written: Sequence[Part], told: Step | None = None
) -> Conversation:
    """The method's own prompt for step `index`, with all text so far; what changes comes last, so that the KV cache
    keeps what comes before. `told` is that step as the model is told it (None: as in the plan)."""
    head, tail = _template("agentwrite", brief.language).split("{text}")
    head = head.format(instruction=_instruction(brief), plan=render_plan(steps, brief.language))
    tail = tail.format(step=render_step(index + 1, told or steps[index], brief.language))
    return (user(head, *joined(written), tail),)


def oneshot(brief: Brief, steps: Sequence[Step]) -> str:
    """Asks for the whole piece in one answer."""
    plan = render_plan(steps, brief.language)
    return _template("oneshot", brief.language).format(instruction=_instruction(brief), plan=plan)


def joined(parts: Sequence[Part]) -> list[Part]:
    """The parts with a blank line between each two."""
    result: list[Part] = []
    for part in parts:
        if result:
            result.append(Part("\n\n"))
        result.append(part)
    return result


def _instruction(brief: Brief) -> str:
    if brief.language in ("en", "zh"):
        return brief.instruction
    return f"{brief.instruction}\n\nWrite in {LANGUAGES[brief.language]}."


@cache
def _template(name: str, language: str) -> str:
    suffix = "zh" if language == "zh" else "en"
    return (_HERE / f"{name}.{suffix}.txt").read_text(encoding="utf-8")
