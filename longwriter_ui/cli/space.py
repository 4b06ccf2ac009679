"""`space`: the studio as a Space on the Hub."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from longwriter_ui.cli.console import STDOUT, note, write_target
from longwriter_ui.cli.run import OpenStudio
from longwriter_ui.paths import MODELS, home
from longwriter_ui.space.build import CPU, ZERO, Plan, build
from longwriter_ui.space.push import push
from longwriter_ui.weights.catalog import load_catalog

DEMO = "demo"


def add_space(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    commands = parser.add_subparsers(title="commands", required=True, metavar="build | push")
    building = commands.add_parser("build", help="make a folder that can be pushed as it is")
    building.add_argument("out", metavar="OUT", type=Path, help="a new folder")
    building.set_defaults(run=run_build)
    pushing = commands.add_parser("push", help="push a Space to the Hub")
    pushing.add_argument("name", metavar="OWNER/NAME")
    pushing.add_argument("--folder", metavar="DIR", type=Path, help="made by `space build`; default: one is made now")
    pushing.add_argument("--private", action="store_true", help="a Space that only you can see")
    pushing.add_argument("--endpoint", metavar="URL", help="another Hub")
    pushing.set_defaults(run=run_push)
    for command in (building, pushing):
        command.add_argument("--model", metavar="ID", default="longwriter-llama3.1-8b", help="as in `models list`")
        command.add_argument("--quant", metavar="Q", help="which build, such as Q4_K_M")
        command.add_argument("--hardware", choices=[ZERO, CPU], default=ZERO, help=f"default: {ZERO}, ZeroGPU")
        command.add_argument("--title", default="LongWriter Studio")
        command.add_argument(
            "--wheel-index",
            metavar="URL",
            help="where pre-built packages of llama-cpp-python are; its documentation names one for each machine",
        )
        command.add_argument("--sign-in", action="store_true", help="visitors may sign in with their account")


def run_build(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    build(_plan(arguments), arguments.out)
    write_target(STDOUT, str(arguments.out))
    if arguments.wheel_index is None:
        note("Without --wheel-index the Space installs only if its usual package index has llama-cpp-python pre-built.")
    return 0


def run_push(arguments: argparse.Namespace, open_studio: OpenStudio) -> int:
    def send(folder: Path) -> None:
        address = push(folder, arguments.name, private=arguments.private, endpoint=arguments.endpoint)
        write_target(STDOUT, address)

    if arguments.folder is not None:
        send(arguments.folder)
        return 0
    with tempfile.TemporaryDirectory(prefix="longwriter-") as temporary:
        send(build(_plan(arguments), Path(temporary) / "space"))
    return 0


def _plan(arguments: argparse.Namespace) -> Plan:
    entry = chosen = None
    if arguments.model != DEMO:
        entry = load_catalog(MODELS / "catalog.toml", home().root / "catalog.toml").entry(arguments.model)
        chosen = entry.build(arguments.quant)
    return Plan(entry, chosen, arguments.hardware, arguments.title, arguments.wheel_index, arguments.sign_in)
