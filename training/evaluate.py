"""Measures a demonstration model on held-out requests, with free sampling, and prints a table and JSON.

    python -m training.evaluate [models/demo.gguf] [--split dev] [--limit N] [--json FILE]

For each request: a plan; then, in one conversation with that plan, two of its paragraphs with counts of 100 to 500
words and one for a main point in a user's own words. Then some long paragraphs, and whole pieces of 3,000 words.
"""

import argparse
import json
import platform
import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

from longwriter_ui.brief import Brief
from longwriter_ui.prompts import plan_prompt

from .heldout import SPLITS, Request, load
from .metrics import (
    Line,
    count_words,
    foreign,
    length_error,
    mean,
    mentions,
    mentions_exactly,
    parse_plan,
    repeats,
    sentences,
)
from .speaker import Answer, Model

PROMPTS = Path(__file__).parent.parent / "longwriter_ui" / "prompts"
MODEL = Path(__file__).parent.parent / "models" / "demo.gguf"
LENGTHS = (100, 150, 200, 250, 300, 350, 400, 450, 500)
BAR = {
    "plans that parse": (">=", 0.95),
    "plan total within 15 %": (">=", 0.85),
    "topic in plan lines": (">=", 0.80),
    "topic in paragraphs": (">=", 0.70),
    "paragraphs that end by themselves": (">=", 0.95),
    "mean length error": ("<=", 0.15),
    "paragraphs without a repeated sentence": (">=", 0.90),
    "valid UTF-8": (">=", 1.0),
}


def prompt(task: str, language: str) -> str:
    """The application's own prompt."""
    return (PROMPTS / f"{task}.{language}.txt").read_text(encoding="utf-8")


def render(line: Line, language: str) -> str:
    """A line of a plan."""
    if language == "en":
        return f"Paragraph {line.number} - Main Point: {line.point} - Word Count: {line.words} words"
    return f"第{line.number}段 - 主要观点：{line.point} - 字数：{line.words}字"


def ask_plan(model: Model, request: Request, language: str, seed: int) -> Answer:
    """A plan for a request."""
    asked = plan_prompt(Brief(request.text, request.words, language))[0]
    return model.ask(model.start(), asked.text, 1600, seed)


def write(model: Model, request: Request, lines: list[Line], language: str, most: int, seed: int) -> list[dict]:
    """The first `most` paragraphs of a plan in one conversation, measured."""
    plan = "\n".join(render(line, language) for line in lines)
    user = prompt("opening", language).format(instruction=request.text, plan=plan)
    conversation, rows = model.start(), []
    for line in lines[:most]:
        user += prompt("turn", language).format(asked="", step=render(line, language))
        answer = model.ask(conversation, user, 4 * line.words + 50, seed + line.number)
        user = ""
        rows.append(
            {
                "asked": line.words,
                "error": length_error(count_words(answer.text, language), line.words),
                "ended": answer.ended,
                "valid": answer.valid,
                "topic": mentions(answer.text, request.topic, language),
                "exact": mentions_exactly(answer.text, request.topic),
                "repeats": repeats(answer.text, language),
                "foreign": foreign(answer.text, language, request.text + plan),
                "speed": answer.tokens / answer.seconds if answer.seconds else 0.0,
                "text": answer.text,
            }
        )
    return rows


def paragraph_rows(model: Model, request: Request, plan: list[Line], language: str, seed: int) -> list[dict]:
    """Three paragraphs of 100 to 500 words; the third has the main point of the request's user."""
    rng = random.Random(seed)
    lines = [replace(line, words=rng.choice(LENGTHS)) for line in plan[:3]]
    lines[2] = replace(lines[2], point=request.point)
    return write(model, request, lines, language, 3, seed)


def plan_row(answer: Answer, request: Request, language: str) -> tuple[dict, list[Line] | None]:
    """The measures of a plan, and its lines if it has the form."""
    lines = parse_plan(answer.text, language) if answer.ended else None
    points = [line.point for line in lines or []]
    row = {
        "parses": lines is not None,
        "valid": answer.valid,
        "error": length_error(sum(line.words for line in lines), request.words) if lines else 1.0,
        "topic": [mentions(point, request.topic, language) for point in points],
        "exact": [mentions_exactly(point, request.topic) for point in points],
        "text": answer.text,
    }
    return row, lines


def piece_row(model: Model, request: Request, language: str, seed: int) -> dict:
    """A whole piece of 3,000 words along the model's own plan, in one conversation."""
    request = replace(request, words=3000)
    _, lines = plan_row(ask_plan(model, request, language, seed), request, language)
    rows = write(model, request, lines, language, 20, seed) if lines else []
    said = [s for row in rows for s in sentences(row["text"], language)]
    return {
        "paragraphs": len(rows),
        "words": sum(count_words(row["text"], language) for row in rows),
        "ended": mean(row["ended"] for row in rows),
        "topic": mean(row["topic"] for row in rows),
        "error": mean(row["error"] for row in rows),
        "last three": mean(row["ended"] and row["topic"] and row["error"] <= 0.3 for row in rows[-3:]),
        "new sentences": len(set(said)) / max(1, len(said)),
        "text": "\n\n".join(row["text"] for row in rows),
    }


def measure(model: Model, language: str, found: list[Request], pieces: int) -> tuple[dict[str, float], dict]:
    """The figures of the requests of one language, and the rows they come from."""
    plans, paragraphs = [], []
    for number, request in enumerate(found):
        row, lines = plan_row(ask_plan(model, request, language, number), request, language)
        plans.append(row)
        fallback = [Line(i, request.point, 300) for i in (1, 2, 3)]
        paragraphs += paragraph_rows(model, request, lines or fallback, language, 1000 + 10 * number)
    long = []
    for number, request in enumerate(found[: 3 * pieces]):
        line = Line(1, request.point, (500, 600, 700, 800, 900, 1000)[number % 6])
        long += write(model, request, [line], language, 1, 5000 + number)
    whole = [piece_row(model, request, language, 9000 + 100 * i) for i, request in enumerate(found[:pieces])]
    figures = {
        "plans that parse": mean(row["parses"] for row in plans),
        "plan total within 15 %": mean(row["error"] <= 0.15 for row in plans),
        "topic in plan lines": mean(t for row in plans for t in row["topic"]),
        "topic in paragraphs": mean(row["topic"] for row in paragraphs),
        "paragraphs that end by themselves": mean(row["ended"] for row in paragraphs),
        "mean length error": mean(row["error"] for row in paragraphs),
        "paragraphs without a repeated sentence": mean(not row["repeats"] for row in paragraphs),
        "valid UTF-8": mean(row["valid"] for row in [*plans, *paragraphs, *long]),
        "mean error of plan totals": mean(row["error"] for row in plans),
        "whole topic in plan lines": mean(t for row in plans for t in row["exact"]),
        "whole topic in paragraphs": mean(row["exact"] for row in paragraphs),
        "topic, user's own main point": mean(row["topic"] for row in paragraphs[2::3]),
        "paragraphs with a word of the other language": mean(row["foreign"] for row in paragraphs),
        "500-1000 words: end by themselves": mean(row["ended"] for row in long),
        "500-1000 words: mean length error": mean(row["error"] for row in long),
        "3,000-word pieces: paragraphs": mean(row["paragraphs"] for row in whole),
        "3,000-word pieces: words": mean(row["words"] for row in whole),
        "3,000-word pieces: end by themselves": mean(row["ended"] for row in whole),
        "3,000-word pieces: topic": mean(row["topic"] for row in whole),
        "3,000-word pieces: length error": mean(row["error"] for row in whole),
        "3,000-word pieces: last three good": mean(row["last three"] for row in whole),
        "3,000-word pieces: new sentences": mean(row["new sentences"] for row in whole),
        "tokens per second (median)": median(row["speed"] for row in paragraphs),
    }
    return figures, {"plans": plans, "paragraphs": paragraphs, "long": long, "pieces": whole}


def verdict(name: str, value: float) -> str:
    """Whether a figure meets its bar; empty for figures without one."""
    if name not in BAR:
        return ""
    sign, bar = BAR[name]
    met = value >= bar if sign == ">=" else value <= bar
    return f"{sign} {bar:.2f} {'met' if met else 'MISSED'}"


def table(results: dict[str, dict[str, float]]) -> str:
    """The figures as a Markdown table."""
    languages = list(results)
    rows = [f"| measure | {' | '.join(languages)} | bar |", f"| --- |{' ---: |' * len(languages)} --- |"]
    for name in next(iter(results.values())):
        values = [results[language][name] for language in languages]
        verdicts = [verdict(name, value) for value in values]
        worst = next((v for v in verdicts if v.endswith("MISSED")), verdicts[0])
        cells = " | ".join(f"{value:.3f}" if value < 10 else f"{value:.0f}" for value in values)
        rows.append(f"| {name} | {cells} | {worst} |")
    return "\n".join(rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, default=MODEL)
    parser.add_argument("--split", choices=SPLITS, default=SPLITS[0], help="which requests (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=1000, help="requests per language")
    parser.add_argument("--pieces", type=int, default=4, help="whole pieces per language")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the figures and every text here")
    options = parser.parse_args()
    model = Model(options.model, threads=options.threads)
    results, rows = {}, {}
    for language in ("en", "zh"):
        found = load(language, options.split)[: options.limit]
        results[language], rows[language] = measure(model, language, found, options.pieces)
    about = {"model": options.model.name, "split": options.split}
    about |= {"date": date.today().isoformat(), "machine": platform.machine()}
    print(table(results))
    print(json.dumps({**about, "figures": results}, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps({**about, "figures": results, "rows": rows}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
