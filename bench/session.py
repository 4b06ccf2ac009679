"""How many prompt tokens a session of writing reads, in exact counts.

    python bench/session.py --json [--model PATH]

One scripted session of 20 steps and 10,000 words is replayed in each mode through the real studio and the real engine:
written straight through, and with what people do: the main point of step 15 is edited after step 8 is written; then
paragraph 5 is rewritten, a sentence of paragraph 18 edited, three alternatives of the last paragraph asked for; the
program is closed and opened again, and the last paragraph written once more. The answers are scripted, so all modes
write the same text. Without --model the model is a small one of random weights, which counts the same as any other
with its vocabulary.

The method's plain loop sends the prompt of `agentwrite` for each paragraph and reads all of it (`naive_read`); behind
a server that keeps the longest common prefix it reads what `agentwrite` mode reads (`prefix_read`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.forced import STEP_WORDS, STEPS, ForcedEngine
from bench.synthetic_model import DEMO_MODEL, SHAPES, write_synthetic_model
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Mode, Paragraph
from longwriter_ui.engine.base import Engine, Proceed
from longwriter_ui.engine.header import read_header
from longwriter_ui.events import Usage
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.jobs import Job
from longwriter_ui.paths import Home
from longwriter_ui.plan import Step, render_plan
from longwriter_ui.studio import Studio

_ASPECTS = ("How it began", "Who keeps it going", "What it costs", "What is often overlooked", "Where it leads")
_PLACES = ("in the harbour", "along the river", "behind the market", "in the winter months")
_ALTERNATIVES = 3


@dataclass
class Opener:
    """Opens the model as a ForcedEngine, and keeps the account over several of them."""

    after: Callable[[int], None]
    states: Path
    spent: Usage = field(default_factory=Usage)
    engine: ForcedEngine | None = None

    def check(self, path: Path) -> ModelChoice:
        return ModelChoice(path, read_header(path).name, demonstration=False)

    def open(self, path: Path, proceed: Proceed | None = None) -> Engine:
        self.settle()
        engine = ForcedEngine.load(path, states=self.states)
        engine.after, self.engine = self.after, engine
        return engine

    def settle(self) -> Usage:
        """What everything so far has cost."""
        if self.engine is not None:
            self.spent, self.engine.spent = self.spent + self.engine.spent, Usage()
        return self.spent


class Desk:
    """A person with a studio and one draft, whose plan is ready."""

    def __init__(self, folder: Path, model: Path, mode: Mode) -> None:
        self._folder, self._model = folder, model
        self._opener = Opener(lambda step: self.after(step), Home(folder).states)
        self.after: Callable[[int], None] = lambda step: None
        self._studio = self._open()
        brief = Brief.create("Write a long piece about an old town through the year", STEPS * STEP_WORDS, "en")
        self._id = self._studio.create(brief, mode, seed=1).id
        points = [f"{aspect} {place}" for place in _PLACES for aspect in _ASPECTS]
        plan = render_plan([Step(point, STEP_WORDS) for point in points], "en")
        self._studio.edit(self._id, None, {"do": "set_plan", "text": plan})

    @property
    def spent(self) -> Usage:
        return self._opener.settle()

    @property
    def words(self) -> int:
        return self._studio.draft(self._id).words

    def write(self, step: int | None = None) -> None:
        """Write what is unwritten, or one step anew."""
        self._done(self._studio.write(self._id, [self._paragraph(step).key] if step else None))

    def choose(self, step: int, count: int, number: int) -> None:
        """Have `count` alternatives written, and take the one of this number."""
        key = self._paragraph(step).key
        self._done(self._studio.alternatives(self._id, key, count))
        self._studio.edit(self._id, None, {"do": "choose", "key": key, "number": number})

    def edit_main_point(self, step: int, text: str) -> None:
        self._studio.edit(self._id, None, {"do": "edit_step", "key": self._paragraph(step).key, "main_point": text})

    def edit_sentence(self, step: int) -> None:
        paragraph = self._paragraph(step)
        first, _, rest = paragraph.text.split(". ", 2)
        text = f"{first}. Somebody wrote this sentence by hand. {rest}"
        self._studio.edit(self._id, None, {"do": "edit_text", "key": paragraph.key, "text": text})

    def reopen(self) -> None:
        """As if the program had been closed and started again."""
        self.close()
        self._studio = self._open()

    def close(self) -> None:
        self._studio.close()

    def _open(self) -> Studio:
        return Studio(Home(self._folder), EngineHost(self._opener, self._model))

    @staticmethod
    def _done(job: Job) -> None:
        job.wait()
        if job.failure is not None:
            raise job.failure

    def _paragraph(self, step: int) -> Paragraph:
        return self._studio.draft(self._id).paragraphs[step - 1]


def straight(desk: Desk) -> None:
    """Write the whole piece."""
    desk.write()
    assert desk.words == STEPS * STEP_WORDS, desk.words


def session(desk: Desk) -> None:
    """What a person does to it."""
    desk.after = lambda step: desk.edit_main_point(15, "What the town lost and found again") if step == 8 else None
    desk.write()
    desk.after = lambda step: None
    desk.write(5)
    desk.edit_sentence(18)
    desk.choose(STEPS, _ALTERNATIVES, 2)
    desk.reopen()
    desk.write(STEPS)


def replay(story: Callable[[Desk], None], model: Path) -> dict[str, dict[str, int]]:
    """What the story costs in each mode."""
    result = {}
    for mode in Mode:
        with tempfile.TemporaryDirectory() as folder:
            desk = Desk(Path(folder), model, mode)
            try:
                story(desk)
                spent = desk.spent
            finally:
                desk.close()
        result[mode.value] = {"read": spent.prompt_read, "reused": spent.prompt_reused, "written": spent.written}
    return result


def measure(model: Path) -> dict[str, object]:
    """The figures of both stories."""
    counts = {story.__name__: replay(story, model) for story in (straight, session)}
    naive = {name: of["agentwrite"]["read"] + of["agentwrite"]["reused"] for name, of in counts.items()}
    return {
        "model": read_header(model).name,
        "naive_read": naive["straight"],
        "prefix_read": counts["straight"]["agentwrite"]["read"],
        "naive_read_session": naive["session"],
        "prefix_read_session": counts["session"]["agentwrite"]["read"],
        **counts,
        "ratio_straight": round(counts["straight"]["conversation"]["read"] / naive["straight"], 4),
        "ratio_session": round(counts["session"]["conversation"]["read"] / naive["session"], 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, help="a GGUF with a context for 10,000 words")
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or write_synthetic_model(Path(folder) / "tiny.gguf", SHAPES["tiny"], DEMO_MODEL)
        print(json.dumps(measure(model), indent=2))


if __name__ == "__main__":
    main()
