"""The prompts of AgentWrite, from the template files beside this module, in English and Chinese.

A language other than these two gets the English prompts and is told which language to write in. Slots are filled
once, so braces or dollar signs in a person's text stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from longwriter_ui.brief import Brief
from longwriter_ui.engine.base import Conversation, JsonForm, Part, assistant, user
from longwriter_ui.plan import STEP_HEAD, STEP_TAIL, Step, render_plan, render_step
from longwriter_ui.words import LANGUAGES

_HERE = Path(__file__).parent
READ_TWICE = 600
"""Characters up to which a request is read twice before it is planned: some 150 tokens in English, four times as many
in Chinese. That much longer a slow processor reads before the first line."""

# A main point of 8 to 400 characters, a count of 2 to 4 digits, 1 to 50 lines: whatever is sampled can be parsed.
_GRAMMAR = """\
root ::= line ("\\n" line){{0,49}} "\\n"?
line ::= "{head}" number "{label}" point "{count}" words "{unit}"
number ::= [1-9] [0-9]?
words ::= [1-9] [0-9]{{1,3}}
point ::= [^\\n \\u3000] [^\\n]{{7,399}}
"""


def plan_prompt(brief: Brief) -> Conversation:
    """Asks for the plan. A short request stands there twice: a model reads from left to right, and only what it reads
    for the second time has it seen with all that follows (Xu and others, "Re-Reading Improves Reasoning", 2023)."""
    again = ""
    if len(brief.instruction) <= READ_TWICE:
        again = _template("again", brief.language).format(instruction=brief.instruction)
    text = _template("plan", brief.language)
    return (user(text.format(instruction=_instruction(brief), words=brief.target_words, again=again)),)


def plan_grammar(language: str) -> str:
    """GBNF that holds a plan to the AgentWrite line format."""
    if language == "zh":
        return _GRAMMAR.format(head="第", label="段 - 主要观点：", count=" - 字数：", unit="字")
    return _GRAMMAR.format(head="Paragraph ", label=" - Main Point: ", count=" - Word Count: ", unit=" words")


def plan_form(language: str, most: int = 50) -> JsonForm:
    """The same as JSON, for servers that know no grammars: at most so many lines, each with the same bounds."""
    step = {
        "type": "object",
        "properties": {
            "main_point": {"type": "string", "minLength": 8, "maxLength": 400},
            "words": {"type": "integer", "minimum": 10, "maximum": 9999},
        },
        "required": ["main_point", "words"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"steps": {"type": "array", "items": step, "minItems": 1, "maxItems": most}},
        "required": ["steps"],
        "additionalProperties": False,
    }

    def line(number: int, item: Mapping[str, Any]) -> str:
        words = item.get("words")
        count = words if isinstance(words, int) and not isinstance(words, bool) and words > 0 else None
        return render_step(number, Step(str(item.get("main_point") or ""), count), language)

    return JsonForm(schema, "steps", line, _template("json", language).strip())


def opening(brief: Brief, steps: Sequence[Step]) -> str:
    """The first words of a conversation: the request and the whole plan. The first `turn` follows directly."""
    plan = render_plan(steps, brief.language)
    return _template("opening", brief.language).format(instruction=_instruction(brief), plan=plan)


def turn(number: int, step: Step, language: str, cue: str = "") -> str:
    """Asks for one paragraph. `cue`: what holds from an earlier step on, or from this one."""
    asked = asked_for(step, language, cue)
    return _template("turn", language).format(step=render_step(number, step, language), asked=asked)


@cache
def asker(language: str) -> re.Pattern[str]:
    """What only a `turn` or an `amendment` says: its first words where a line ends with them, the head of a step's
    line, or both, with the space and the marks before it, and a line that leads to it with a colon; or a line that
    comes to the count of a step."""
    begun = (_template("turn", language).format(asked="", step=""), amendment((), 1, language))
    words = "|".join(re.escape(text.strip()) for text in begun)
    # Runs of space are entered at their first character only, or a long one would be searched from each of them.
    before = r"(?:(?<!\n)\n+[^\n]*[:：])?(?<!\s)\s*(?:(?<=\n)[-*#>_]+[ \t]*)?"
    asked = rf"(?:{words})(?:[ \t]*\n\s*(?:{STEP_HEAD})?|\s*{STEP_HEAD})|{STEP_HEAD}"
    return re.compile(rf"{before}(?:{asked})|(?<!\n)\n+[^\n]*{STEP_TAIL}")


def asked_for(step: Step, language: str, cue: str = "") -> str:
    """The person's notes to the writer, one to a line; empty where there are none."""
    cue_line = _template("cue", language).format(text=_line(cue)) if cue else ""
    return cue_line + (_template("note", language).format(text=_line(step.note)) if step.note else "")


@dataclass(frozen=True)
class Wish:
    """How a paragraph is to be written again: in the person's words, longer or shorter, leading up to the opening of
    the next paragraph; `words` long."""

    text: str = ""
    size: str = ""  # "longer", "shorter" or ""
    next_opening: str = ""
    words: int = 0


def revise(wish: Wish, language: str) -> str:
    """Asks for the paragraph before it once more."""
    wishes = f"{wish.text.strip()}\n" if wish.text.strip() else ""
    if wish.size:
        wishes += _template(wish.size, language)
    if wish.next_opening:
        wishes += _template("lead", language).format(text=wish.next_opening)
    return _template("revise", language).format(wishes=wishes, words=wish.words)


def mend(beginning: str, going_on: str, words: int, language: str) -> str:
    """Asks for another beginning of the paragraph before it."""
    return _template("mend", language).format(text=beginning, next=going_on, words=words)


def point_prompt(brief: Brief, steps: Sequence[Step], index: int) -> Conversation:
    """Asks for another main point of step `index`."""
    plan = assistant(render_plan(steps, brief.language))
    return (*plan_prompt(brief), plan, user(_template("point", brief.language).format(number=index + 1)))


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
    cue = next((step.cue for step in reversed(steps[: index + 1]) if step.cue), "")
    asked = asked_for(steps[index], brief.language, cue)
    tail = tail.format(step=render_step(index + 1, told or steps[index], brief.language), asked=asked)
    return (user(head, *joined(written), tail),)


def oneshot(brief: Brief, steps: Sequence[Step]) -> str:
    """Asks for the whole piece in one answer."""
    lines: list[str] = []
    for number, step in enumerate(steps, 1):
        asked = asked_for(step, brief.language, step.cue)
        lines.append(render_step(number, step, brief.language) + ("\n" + asked.rstrip() if asked else ""))
    plan = "\n".join(lines)
    return _template("oneshot", brief.language).format(instruction=_instruction(brief), plan=plan)


def joined(parts: Sequence[Part]) -> list[Part]:
    """The parts with a blank line between each two."""
    result: list[Part] = []
    for part in parts:
        if result:
            result.append(Part("\n\n"))
        result.append(part)
    return result


def _line(text: str) -> str:
    return " ".join(text.split())


def _instruction(brief: Brief) -> str:
    text = brief.instruction
    if brief.notes:
        text = _template("notes", brief.language).format(instruction=text, notes=brief.notes)
    if brief.language in ("en", "zh"):
        return text
    return f"{text}\n\nWrite in {LANGUAGES[brief.language]}."


@cache
def _template(name: str, language: str) -> str:
    suffix = "zh" if language == "zh" else "en"
    return (_HERE / f"{name}.{suffix}.txt").read_text(encoding="utf-8")
