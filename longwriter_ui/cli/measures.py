"""The commands that measure, and their options."""

from __future__ import annotations

import argparse
from pathlib import Path

from longwriter_ui.cli import evaluation
from longwriter_ui.cli.options import add_model, number
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


def _lengths(text: str) -> tuple[int, ...]:
    parse = number(int, 50, 100_000)
    return tuple(int(parse(part)) for part in text.split(","))


def _languages(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(","))
    if not set(chosen) <= {"en", "zh"}:
        raise argparse.ArgumentTypeError("choose from en and zh")
    return chosen
