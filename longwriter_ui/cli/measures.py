"""The options of the commands that measure and of those that make training data."""

from __future__ import annotations

import argparse
from pathlib import Path

from longwriter_ui.arguments import number
from longwriter_ui.cli import dataset, evaluation
from longwriter_ui.cli.options import add_model
from longwriter_ui.dataset.filters import Filter
from longwriter_ui.draft import Mode
from longwriter_ui.evaluate.prompts import OWN_PROMPTS
from longwriter_ui.evaluate.ruler import LENGTHS
from longwriter_ui.evaluation import DIRECT, MODES


def add_eval(parser: argparse.ArgumentParser) -> None:
    """`eval` with its commands."""
    commands = parser.add_subparsers(title="commands", required=True, metavar="run | ruler | length | quality | report")
    run = commands.add_parser("run", help="write every prompt of a file, or go on with it")
    run.add_argument(
        "--prompts", metavar="FILE", type=Path, default=OWN_PROMPTS,
        help='one {"prompt", "type", "length"} a line; default: a small set of our own',
    )  # fmt: skip
    run.add_argument("--mode", choices=MODES, default="conversation", help="default: conversation")
    run.set_defaults(run=evaluation.run_run)
    ruler = commands.add_parser("ruler", help="how long an answer a model can write at all")
    ruler.add_argument(
        "--lengths", metavar="N,N,...", type=_lengths, default=LENGTHS, help="words asked for; default: the benchmark's"
    )
    ruler.add_argument("--languages", metavar="en,zh", type=_languages, default=("en", "zh"), help="default: both")
    ruler.add_argument("--mode", choices=MODES, default=DIRECT, help="default: direct, the model's own answer")
    ruler.set_defaults(run=evaluation.run_ruler)
    for command in (run, ruler):
        command.add_argument("--out", metavar="RUN", type=Path, required=True, help="the run's folder")
        command.add_argument("--seed", metavar="N", type=number(int, 0, 2**31 - 1), default=0, help="default: 0")
        command.add_argument("--retry", action="store_true", help="write prompts that failed again")
        command.add_argument("--keep-drafts", action="store_true", help="leave the pieces in the library")
        add_model(command)
    length = commands.add_parser("length", help="length scores of a run")
    length.add_argument("folder", metavar="RUN", type=evaluation.existing_folder)
    length.add_argument("--json", action="store_true", help="as JSON, with every piece")
    length.set_defaults(run=evaluation.run_length)
    quality = commands.add_parser("quality", help="quality of a run's pieces, scored by a judge")
    quality.add_argument("folder", metavar="RUN", type=evaluation.existing_folder)
    quality.add_argument(
        "--judge",
        metavar="PATH | URL",
        required=True,
        help="a .gguf file, or the base address of an OpenAI-compatible server",
    )
    quality.add_argument("--judge-model", metavar="NAME", default="", help="which model of the server")
    quality.add_argument("--seed", metavar="N", type=number(int, 0, 2**31 - 1), default=0, help="default: 0")
    quality.add_argument("--threads", metavar="N", type=number(int, 1, 1024), help="default: all cores")
    quality.set_defaults(run=evaluation.run_quality)
    report = commands.add_parser("report", help="a report on one run or several, in HTML and Markdown")
    report.add_argument("folders", metavar="RUN", type=evaluation.existing_folder, nargs="+")
    report.add_argument("--out", metavar="DIR", type=Path, help="default: report/ in the first run")
    report.set_defaults(run=evaluation.run_report)


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """`dataset` with its commands."""
    commands = parser.add_subparsers(title="commands", required=True, metavar="build | from-drafts | check")
    build = commands.add_parser("build", help="plan and write instructions, keep what is good, or go on with it")
    build.add_argument(
        "--instructions", metavar="FILE", type=Path, required=True, help='one {"prompt", "length"} a line'
    )
    build.add_argument("--out", metavar="DIR", type=Path, required=True, help="the dataset's folder")
    build.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.CONVERSATION.value)
    build.add_argument("--seed", metavar="N", type=number(int, 0, 2**31 - 1), default=0, help="default: 0")
    bounds, usual = build.add_argument_group("what is kept"), Filter()
    bounds.add_argument(
        "--least-words", metavar="N", type=number(int, 0, 10**6), default=usual.least_words, help="default: 2000"
    )
    bounds.add_argument(
        "--least-score", metavar="S", type=number(float, 0, 100), default=usual.least_score,
        help="of the length score; default: 80",
    )  # fmt: skip
    bounds.add_argument(
        "--most-steps", metavar="N", type=number(int, 1, 10**6), default=usual.most_steps, help="default: 50"
    )
    add_model(build, several=True)
    build.set_defaults(run=dataset.run_build)
    drafts = commands.add_parser("from-drafts", help="drafts of yours, those you name and no others")
    drafts.add_argument("--ids", metavar="ID", nargs="+", required=True, help="as in `drafts list`")
    drafts.add_argument("--out", metavar="FILE", type=Path, required=True, help="conversations, as JSONL")
    drafts.add_argument(
        "--preferences", metavar="FILE", type=Path, help="pairs of the text you settled on and one you passed over"
    )
    drafts.set_defaults(run=dataset.run_from_drafts)
    check = commands.add_parser("check", help="whether a file can be trained on, and how long its answers are")
    check.add_argument("file", metavar="FILE", type=Path)
    check.add_argument("--json", action="store_true", help="as JSON")
    check.set_defaults(run=dataset.run_check)


def _lengths(text: str) -> tuple[int, ...]:
    parse = number(int, 50, 100_000)
    try:
        return tuple(int(parse(part)) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1000,2000") from error


def _languages(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(","))
    if not set(chosen) <= {"en", "zh"}:
        raise argparse.ArgumentTypeError("choose from en and zh")
    return chosen
