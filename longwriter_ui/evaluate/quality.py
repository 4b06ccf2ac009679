"""Quality by a judge: six dimensions from 1 to 5, as LongBench-Write has them (arXiv 2408.07055).

A dimension's score is (mean - 1) * 25, from 0 to 100; the total is the mean of the six. Scores of different judges do
not compare, so everything of one judge, with one wording of the question and one seed, lies in a file of its own,
quality.NAME.jsonl: a first line about the judge, then one for each piece. An answer that is not the JSON asked for is
asked for again; it is never guessed at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from longwriter_ui.engine.base import Cancel
from longwriter_ui.errors import ContextTooSmall, ExportError, JudgeError, LongWriterError, StoreError
from longwriter_ui.evaluate.run import Prediction
from longwriter_ui.export.files import write_whole
from longwriter_ui.jsonl import Appender, Json, alone, dump_lines, read_lines

DIMENSIONS = ("Relevance", "Accuracy", "Coherence", "Clarity", "Breadth and Depth", "Reading Experience")
ATTEMPTS = 3
_TEMPLATE = Path(__file__).with_name("judge.txt")
_LOST = 3  # failures in a row after which the judge is given up

# The same form as GBNF, for judges that can be held to it.
GRAMMAR = 'root ::= "{' + ", ".join(f'\\"{name}\\": " score "' for name in DIMENSIONS) + '}"\nscore ::= [1-5]\n'


class Judge(Protocol):
    """Whoever reads and scores. `about` says who that is, in the file and in the report: at least "name"."""

    @property
    def about(self) -> Json: ...

    def ask(self, prompt: str, seed: int, cancel: Cancel) -> str | None:
        """The judge's answer as it came; None when cancelled. A LongWriterError when there is none."""
        ...

    def close(self) -> None:
        """Nothing more will be asked."""
        ...


@dataclass(frozen=True)
class Judgement:
    """What a judge gave one piece, from 1 to 5, in the order of DIMENSIONS. `malformed` answers came before."""

    values: tuple[int, ...]
    malformed: int = 0

    def score(self, dimension: str) -> float:
        """0-100."""
        return (self.values[DIMENSIONS.index(dimension)] - 1) * 25.0

    @property
    def total(self) -> float:
        return fmean((value - 1) * 25.0 for value in self.values)


@dataclass(frozen=True)
class PieceJudged:
    """Piece `n`, the `done`th of `of`; without a judgement where `problem` says why."""

    n: int
    judgement: Judgement | None
    problem: str
    done: int
    of: int


def judge_prompt(prompt: str, response: str) -> str:
    """What the judge is asked. Marks of the template in a piece are taken apart, so that none can end it early."""
    template = _TEMPLATE.read_text(encoding="utf-8")
    return template.format(prompt=_harmless(prompt), response=_harmless(response))


def parse_judgement(answer: str) -> tuple[int, ...] | None:
    """The six values of an answer; None where it does not have them.

    Repaired is only what leaves no doubt: text around the object, a code fence, keys in other letters or with
    underscores, a comma before the closing brace, a number in quotation marks.
    """
    for block in re.findall(r"\{[^{}]*\}", answer):
        try:
            found = json.loads(re.sub(r",\s*\}", "}", block))
        except ValueError:
            continue
        named = {re.sub(r"[\s_-]+", " ", str(key)).strip().lower(): value for key, value in found.items()}
        values = [_value(named.get(name.lower())) for name in DIMENSIONS]
        whole = tuple(value for value in values if value is not None)
        if len(whole) == len(DIMENSIONS):
            return whole
    return None


def judge_piece(judge: Judge, prompt: str, response: str, seed: int, cancel: Cancel) -> Judgement | None:
    """A judgement; None when cancelled. JudgeError when every answer was malformed."""
    asked = judge_prompt(prompt, response)
    for attempt in range(ATTEMPTS):
        answer = judge.ask(asked, seed + attempt, cancel)
        if answer is None:
            return None
        values = parse_judgement(answer)
        if values is not None:
            return Judgement(values, attempt)
    raise JudgeError(f"The judge gave {ATTEMPTS} answers, none of them the JSON asked for.", "Choose another judge.")


def judge_run(
    folder: Path, predictions: Sequence[Prediction], judge: Judge, seed: int, cancel: Cancel
) -> Iterator[PieceJudged]:
    """Judge what has no judgement yet. Pieces that failed to be judged before are tried again; a piece without text
    gets the lowest score, which needs no judge. LongWriterError when the judge fails several times in a row."""
    about = judged_by(judge, seed)
    lost = 0
    with _opened(_file(folder, about), about) as (lines, done):
        for piece in predictions:
            if piece.n in done:
                continue
            judgement, problem, malformed = None, "", 0
            try:
                if piece.response.strip():
                    judgement = judge_piece(judge, piece.prompt.prompt, piece.response, seed + piece.n, cancel)
                    if judgement is None:
                        return
                else:
                    judgement = Judgement((1,) * len(DIMENSIONS))
                lost = 0
            except JudgeError as error:
                problem, malformed, lost = str(error), ATTEMPTS, 0
            except ContextTooSmall as error:
                problem = str(error)  # this piece is too long for the judge; the next one may not be
            except LongWriterError as error:
                lost += 1
                if lost == _LOST:
                    raise
                problem = str(error)
            lines.append(_line(piece.n, judgement, problem, malformed))
            done.add(piece.n)
            yield PieceJudged(piece.n, judgement, problem, len(done), len(predictions))


def judged_by(judge: Judge, seed: int) -> Json:
    """Whose judgements they are, as `load` tells it: the judge, the wording of the question, and the seed."""
    return {**judge.about, "rubric": _rubric(), "seed": seed}


def load(path: Path) -> tuple[Json, dict[int, Judgement], int, int]:
    """The judge, the judgements by piece, and how many pieces got malformed answers only, or none."""
    lines = read_lines(path)
    judge = lines[0].get("judge") if lines else None
    if not isinstance(judge, dict) or "name" not in judge:
        raise StoreError(f"{path} does not say whose judgement it is.", "Delete it, and judge the run anew.")
    found: dict[int, Judgement] = {}
    problems: dict[int, bool] = {}
    for line in lines[1:]:
        n, values, malformed = line.get("n"), line.get("scores"), line.get("malformed", 0)
        if not isinstance(n, int) or not isinstance(malformed, int):
            raise StoreError(f"{path} holds a line that is no judgement.", "Delete it, and judge the run anew.")
        if isinstance(values, dict) and all(_value(values.get(name)) for name in DIMENSIONS):
            given = tuple(int(values[name]) for name in DIMENSIONS)
            found[n] = Judgement(given, malformed)
            problems.pop(n, None)
        else:
            problems[n] = bool(malformed)
    return judge, found, sum(problems.values()), len(problems) - sum(problems.values())


@contextmanager
def _opened(path: Path, about: Json) -> Iterator[tuple[Appender, set[int]]]:
    """The file, which begins with its judge, and the pieces that are judged already. Lines of pieces that could not be
    judged go, so that each has one in the end. StoreError while another process judges."""
    with alone(path):
        found = load(path)[1] if path.exists() else {}
        judged = [_line(n, judgement, "", judgement.malformed) for n, judgement in found.items()]
        try:
            write_whole(path, dump_lines([{"judge": about}, *judged]))
        except ExportError as error:
            raise StoreError(error.message, error.hint) from error
        with closing(Appender(path)) as lines:
            yield lines, set(found)


def _line(n: int, judgement: Judgement | None, problem: str, malformed: int) -> Json:
    scores = dict(zip(DIMENSIONS, judgement.values, strict=True)) if judgement else None
    count = judgement.malformed if judgement else malformed
    return {"n": n, "scores": scores, "total": judgement.total if judgement else None, "malformed": count,
            "problem": problem}  # fmt: skip


def _value(value: Any) -> int | None:
    """A whole number from 1 to 5, or None."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 1 <= value <= 5 else None


def _harmless(text: str) -> str:
    return re.sub(r"</?(request|piece)>", r"(\1)", text, flags=re.IGNORECASE)


def _rubric() -> str:
    """Names the wording of the question, since another one would give other scores."""
    return hashlib.sha256(_TEMPLATE.read_bytes()).hexdigest()[:12]


def _file(folder: Path, about: Json) -> Path:
    name = re.sub(r"[^\w.-]+", "-", str(about["name"])).strip(".-")[:60] or "judge"
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:6]
    return folder / f"quality.{name}-{digest}.jsonl"
