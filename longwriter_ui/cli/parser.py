"""The commands and their options."""

from __future__ import annotations

import argparse
from pathlib import Path

from longwriter_ui import __version__
from longwriter_ui.arguments import number
from longwriter_ui.cli import drafts, measures, models, plan, write
from longwriter_ui.cli.console import STDOUT
from longwriter_ui.cli.options import add_model
from longwriter_ui.cli.space import add_space
from longwriter_ui.draft import Mode
from longwriter_ui.engine.templates import NAMES as TEMPLATES
from longwriter_ui.export import FORMATS, PROJECT
from longwriter_ui.export.options import Font, Headings, Paper
from longwriter_ui.imports import SUFFIXES
from longwriter_ui.weights.fit import WORDS
from longwriter_ui.words import LANGUAGES

_FILES = ", ".join([*FORMATS, PROJECT])


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m longwriter_ui", description="Write long pieces with a model on your own machine."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="write | plan | drafts | models | eval | dataset | space"
    )
    _add_write(commands.add_parser("write", help="plan and write a piece, or go on with one"))
    _add_plan(commands.add_parser("plan", help="make a plan to edit, or read one"))
    _add_drafts(commands.add_parser("drafts", help="the drafts in the store"))
    _add_models(commands.add_parser("models", help="the models: which fit, download, verify, test"))
    measures.add_eval(commands.add_parser("eval", help="write a benchmark's prompts, score them, report"))
    measures.add_dataset(commands.add_parser("dataset", help="training data from instructions and from drafts"))
    add_space(commands.add_parser("space", help="the studio as a Space on the Hub: build it, push it"))
    return parser


def _add_write(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instruction", nargs="?", metavar="INSTRUCTION", help="what to write, and for whom")
    parser.add_argument("--resume", metavar="ID", help="go on with this draft instead (the start of its id will do)")
    _add_brief(parser)
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], help="default: conversation")
    parser.add_argument("--plan", metavar="FILE", type=Path, help="write from the plan in this file")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, action="append", default=[], help=f"{_FILES}; may be repeated"
    )
    parser.add_argument(
        "--json", metavar="FILE", nargs="?", const=STDOUT, help="report as JSON, without FILE on standard output"
    )
    add_model(parser)
    parser.set_defaults(run=write.run, parser=parser)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instruction", nargs="?", metavar="INSTRUCTION", help="what to write, and for whom")
    parser.add_argument("--parse", metavar="FILE", type=Path, help="read the plan in this file instead of making one")
    _add_brief(parser)
    parser.add_argument("--out", metavar="FILE", help="where the plan goes; default: standard output")
    parser.add_argument(
        "--json", metavar="FILE", nargs="?", const=STDOUT, help="the steps as JSON, without FILE on standard output"
    )
    add_model(parser)
    parser.set_defaults(run=plan.run, parser=parser)


def _add_drafts(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", required=True, metavar="list | show | export | import | delete")
    listing = commands.add_parser("list", help="all drafts, the last changed first")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=drafts.run_list)
    show = commands.add_parser("show", help="a draft with its plan and text")
    show.set_defaults(run=drafts.run_show)
    export = commands.add_parser("export", help="write a draft to files")
    export.add_argument(
        "--out", metavar="FILE", type=Path, action="append", required=True, help=f"{_FILES}; may be repeated"
    )
    _add_options(export.add_argument_group("options", "remembered with the draft"))
    export.set_defaults(run=drafts.run_export)
    importing = commands.add_parser("import", help="make files into drafts: project files, Markdown, DOCX, plain text")
    importing.add_argument("files", metavar="FILE", type=Path, nargs="+", help=", ".join(SUFFIXES))
    importing.set_defaults(run=drafts.run_import)
    delete = commands.add_parser("delete", help="delete a draft with all its versions")
    delete.set_defaults(run=drafts.run_delete)
    for command in (show, export, delete):
        command.add_argument("id", metavar="ID", help="the draft's id, or the beginning of it")


def _add_models(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="list | fit | download | use | verify | test | add | remove"
    )
    listing = commands.add_parser("list", help="known models and those here, and which fit this machine")
    listing.set_defaults(run=models.run_list)
    fit = commands.add_parser("fit", help="whether a model fits, and what it needs")
    fit.add_argument("model", nargs="?", metavar="ID | PATH", help="default: all of them")
    fit.set_defaults(run=models.run_fit)
    download = commands.add_parser("download", help="fetch a model, or go on with it, and verify it")
    download.add_argument("id", metavar="ID", help="as in `models list`")
    download.add_argument("--endpoint", metavar="URL", help="a mirror of the Hub")
    download.set_defaults(run=models.run_download)
    use = commands.add_parser("use", help="write with this model from now on")
    use.set_defaults(run=models.run_use)
    verify = commands.add_parser("verify", help="compare a file with its published checksum")
    verify.set_defaults(run=models.run_verify)
    test = commands.add_parser("test", help="load a model and let it write a sentence")
    test.add_argument("--template", choices=[*TEMPLATES, "auto"], help="use this chat template for it from now on")
    test.add_argument("--threads", metavar="N", type=number(int, 1, 1024), help="default: all cores")
    test.set_defaults(run=models.run_test)
    add = commands.add_parser("add", help="list a file that lies elsewhere")
    add.add_argument("path", metavar="PATH", type=Path)
    add.set_defaults(run=models.run_add)
    remove = commands.add_parser("remove", help="delete a downloaded model, forget an added one")
    remove.add_argument("id", metavar="ID", help="an id, a file's name, or its path")
    remove.set_defaults(run=models.run_remove)
    for command in (fit, download, remove):
        command.add_argument("--quant", metavar="Q", help="which build, such as Q4_K_M")
    for command in (use, verify, test):
        command.add_argument("path", metavar="PATH", help="a file, or what `models list` calls it")
    for command in (listing, fit):
        command.add_argument(
            "--words", metavar="N", type=number(int, 100, 100_000), default=WORDS, help=f"default: {WORDS:,}"
        )
    for command in (listing, fit, download, test):
        command.add_argument("--json", action="store_true", help="as JSON")


def _add_options(group: argparse._ArgumentGroup) -> None:
    """What can be chosen about a file; each is None where nothing was said, for what was chosen before then holds."""
    switch = argparse.BooleanOptionalAction
    group.add_argument("--title-page", action=switch, default=None, help="a page of its own for the title")
    group.add_argument("--author", metavar="NAME")
    group.add_argument("--contents", action=switch, default=None, help="a table of contents")
    group.add_argument("--headings", choices=[h.value for h in Headings], help="where they come from")
    group.add_argument("--plan", action=switch, default=None, help="the plan as an appendix")
    group.add_argument("--metadata", action=switch, default=None, help="date, length and brief as properties")
    group.add_argument("--paper", choices=[paper.value for paper in Paper])
    group.add_argument("--font", choices=[font.value for font in Font])
    group.add_argument("--clean", action=switch, default=None, help="leave out habits of the model; default: yes")


def _add_brief(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--words", metavar="N", help="target length (characters for Chinese)")
    parser.add_argument("--language", metavar="CODE", choices=list(LANGUAGES), help="default: the instruction's")
    parser.add_argument("--seed", metavar="N", type=number(int, 0, 2**31 - 1), help="the same seed, the same text")
