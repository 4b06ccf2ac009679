"""Whether speculative decoding by prompt lookup would pay for rewrites.

    python bench/lookup.py --json [--model PATH] [--rewrites 8] [--ahead 3]

A rewrite repeats some of its source. So wherever the last words of the answer occurred before, what followed them
there could be computed in one batch with the next token, and kept as far as it is what plain sampling at temperature 0
would have written. `ratio` is the speed of that over plain writing, for rewrites as the studio asks for them;
`accepted` the share of the tokens tried ahead that were kept; `same` whether both ways wrote the same tokens. `batch`
is what a batch of so many tokens costs against one token, which is what a gain depends on: with three tried ahead and
a batch of four costing 2.5, at least half of them have to be right.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script

from bench.forced import script
from bench.synthetic_model import DEMO_MODEL
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.engine._branches import Sequences
from longwriter_ui.engine.base import Chunk, Request, Sampling, user
from longwriter_ui.engine.llamacpp import LlamaCppEngine
from longwriter_ui.engine.sampling import Sampler
from longwriter_ui.plan import Step
from longwriter_ui.prompts.task import paragraph_task
from longwriter_ui.revision import Revision, task_of

_GREEDY = Sampling(temperature=0.0)
_RUN = 3  # tokens that have to be the same for what followed them to be tried
_TOPICS = ("harbours", "night trains", "beekeeping", "old maps", "street markets", "winter gardens", "lighthouses")
_WISHES = (Revision("shorter"), Revision(wish="Use simpler words."), Revision("longer"), Revision(wish="Be livelier."))


def prompts(engine: LlamaCppEngine, count: int) -> list[list[int]]:
    """Prompts of rewrites of paragraphs that the model itself has written."""
    result = []
    for number in range(count):
        topic = _TOPICS[number % len(_TOPICS)]
        brief = Brief.create(f"Write about {topic}", 400, "en")
        draft = Draft("bench", topic, brief, paragraphs=(Paragraph(Step(f"How {topic} began", 200)),), seed=number)
        asked = paragraph_task(draft, 0, engine.info.vocabulary)
        request = Request(asked.conversation, Sampling(seed=number), 300)
        chunks = [event for event in engine.stream(request, threading.Event()) if isinstance(event, Chunk)]
        version = Version(
            "".join(chunk.text for chunk in chunks),
            Author.MODEL,
            prompt=asked.prompt,
            tokens=tuple(token for chunk in chunks for token in chunk.tokens),
            vocabulary=engine.info.vocabulary,
        )
        paragraph = replace(draft.paragraphs[0], status=Status.WRITTEN, version=version)
        draft = replace(draft, paragraphs=(paragraph,), opening=asked.opening or "")
        task, _ = task_of(draft, 0, engine.info.vocabulary, _WISHES[number % len(_WISHES)])
        result.append(engine._prompt(task.conversation))
    return result


class Writing:
    """Greedy writing after a prompt, `ahead` tokens at a time tried from what was there before (0: plain)."""

    def __init__(self, engine: LlamaCppEngine, prompt: list[int], ahead: int) -> None:
        self._engine, self._ahead, self._all = engine, ahead, list(prompt)
        self._context = engine._context
        self.tried = self.accepted = 0
        self._followed = {tuple(prompt[i - _RUN : i]): i for i in range(_RUN, len(prompt))}

    def write(self, tokens: int) -> tuple[list[int], float]:
        """The tokens written and their seconds."""
        context, start = self._context, len(self._all)
        context.cut(context.reusable(self._all))
        list(context.read(self._all[len(context.tokens) :], threading.Event()))
        sequences = Sequences(context, 1)
        sequences.held[0] = list(context.tokens)
        began = time.perf_counter()
        with Sampler(self._engine._vocabulary.pointer, _GREEDY) as sampler:
            token = sampler.sample(context.pointer)
            while len(self._all) - start < tokens and token not in self._engine._ends:
                self._note(token)
                guess = self._guess()
                sequences.add([0] * (1 + len(guess)), [token, *guess])
                row = 0
                while (token := sampler.sample(context.pointer, row=row)) in guess[row : row + 1]:
                    self._note(token)
                    row += 1
                self.tried += len(guess)
                self.accepted += row
                if row < len(guess):
                    context.cut(len(self._all))
                    del sequences.held[0][len(self._all) :]
        seconds = time.perf_counter() - began
        sequences.close()
        return self._all[start : start + tokens], seconds

    def _note(self, token: int) -> None:
        self._followed[tuple(self._all[-_RUN:])] = len(self._all)
        self._all.append(token)

    def _guess(self) -> list[int]:
        at = self._followed.get(tuple(self._all[-_RUN:]))
        return self._all[at : at + self._ahead] if at is not None else []


def batch_costs(engine: LlamaCppEngine, rounds: int) -> dict[int, float]:
    """Time of a batch of so many tokens of one sequence over that of one token; the best of the rounds."""
    conversation = (user(" ".join(script(1, 0).split()[:200])),)
    list(engine.stream(Request(conversation, _GREEDY, 0), threading.Event()))
    context, best = engine._context, dict.fromkeys((1, 2, 3, 4, 6, 8), float("inf"))
    sequences, length = Sequences(context, 1), len(context.tokens)
    for _ in range(rounds):
        for count in best:
            sequences.held[0] = list(context.tokens)
            began = time.perf_counter()
            sequences.add([0] * count, list(context.tokens[:count]))
            best[count] = min(best[count], time.perf_counter() - began)
            context.cut(length)
    sequences.close()
    return {count: round(seconds / best[1], 2) for count, seconds in best.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="default: the demonstration model")
    parser.add_argument("--rewrites", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--ahead", type=int, default=3, help="tokens tried at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON, which is what it does anyway")
    options = parser.parse_args()
    engine = LlamaCppEngine.load(options.model)
    engine.reserve(4000)
    result: dict[str, object] = {"model": engine.info.name, "batch": batch_costs(engine, 5 * options.rounds)}
    if options.rewrites:
        written = tried = accepted = 0
        same, seconds = True, {"plain": 0.0, "lookup": 0.0}
        for prompt in prompts(engine, options.rewrites):
            best = {"plain": float("inf"), "lookup": float("inf")}
            for _ in range(options.rounds):
                plain, ahead = Writing(engine, prompt, 0), Writing(engine, prompt, options.ahead)
                expected, took = plain.write(options.tokens)
                best["plain"] = min(best["plain"], took)
                got, took = ahead.write(options.tokens)
                best["lookup"] = min(best["lookup"], took)
                same = same and got == expected
            written, tried, accepted = written + len(expected), tried + ahead.tried, accepted + ahead.accepted
            seconds = {name: seconds[name] + best[name] for name in seconds}
        result |= {
            "rewrites": options.rewrites,
            "written": written,
            "tried": tried,
            "accepted": round(accepted / max(tried, 1), 3),
            "same": same,
            "seconds": {name: round(value, 3) for name, value in seconds.items()},
            "ratio": round(seconds["plain"] / seconds["lookup"], 3),
        }
    engine.close()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
