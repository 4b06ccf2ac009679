"""Assembles the repository of a Space from this one: the application, a header that tells the Hub what it needs, and
what has to be installed there."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from longwriter_ui.errors import SpaceError
from longwriter_ui.limits import PREFIX, Limits
from longwriter_ui.paths import ASSETS, MODELS, PROJECT
from longwriter_ui.text import clean_text
from longwriter_ui.weights.catalog import Build, Entry

ZERO, CPU = "zero-a10g", "cpu-basic"
_SPACES = "spaces==0.51.3"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "screenshot*.png")
_NOTICES = {
    ZERO: "Each paragraph is one call of a graphics card that is lent for some seconds, and counts against your own "
    "ZeroGPU quota. When it is used up, the text is kept, and can be continued later.",
    CPU: "It runs on two slow processors, so a paragraph takes minutes; the writing goes on when the page is closed.",
}


@dataclass(frozen=True)
class Plan:
    """What to build. `entry` None: the demonstration model, which comes with it. `wheels`: where pre-built packages of
    llama-cpp-python are, for an installation that compiles nothing; `sign_in`: visitors may use their account."""

    entry: Entry | None
    build: Build | None
    hardware: str = ZERO
    title: str = "LongWriter Studio"
    wheels: str | None = None
    sign_in: bool = False
    limits: Limits = field(default_factory=lambda: Limits(words=3000, days=7))


def build(plan: Plan, target: Path) -> Path:
    """Fill the new or empty folder `target`; SpaceError."""
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise SpaceError(f"{target} is not empty.", "Name a new folder.")
        target.mkdir(parents=True, exist_ok=True)
        for name in ("longwriter_ui", "assets"):
            shutil.copytree(PROJECT / name, target / name, ignore=_LEFT_OUT)
        shutil.rmtree(target / "assets" / "space")  # what the files below are made from
        (target / "models").mkdir()
        for name in ("catalog.toml", "demo.gguf"):
            if (MODELS / name).exists():
                shutil.copyfile(MODELS / name, target / "models" / name)
        shutil.copyfile(PROJECT / "LICENSE", target / "LICENSE")
        shutil.copyfile(ASSETS / "space" / "app.py", target / "app.py")
        for name, text in _files(plan).items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpaceError(f"The folder cannot be made: {error}.", "Check the disk and its permissions.") from error
    return target


def _files(plan: Plan) -> dict[str, str]:
    """What is written for this Space, by name."""
    entry, chosen = plan.entry, plan.build
    remote = entry is not None and chosen is not None and bool(entry.repository)
    return {
        "README.md": _readme(plan),
        "requirements.txt": requirements(plan),
        "packages.txt": "fonts-noto-cjk\n",
        ".gitattributes": "*.gguf filter=lfs diff=lfs merge=lfs -text\n*.docx filter=lfs diff=lfs merge=lfs -text\n",
        "space.json": json.dumps(
            {
                "repository": entry.repository if remote and entry else "",
                "file": chosen.file if remote and chosen else "",
                "zero": plan.hardware == ZERO,
                "limits": {PREFIX + name.upper(): str(value) for name, value in asdict(plan.limits).items()},
                "notice": _NOTICES[plan.hardware],
            },
            indent=2,
        ),
    }


def requirements(plan: Plan) -> str:
    """As on any machine, but for Gradio, which the Space brings, and llama.cpp, which must not be compiled there."""
    lines = ["--only-binary=llama-cpp-python"]
    if plan.wheels is not None:
        if re.search(r"\s", plan.wheels) or not plan.wheels.startswith("https://"):
            raise SpaceError(f"{plan.wheels} is no address of packages.", "It begins with https://.")
        lines.insert(0, f"--extra-index-url {plan.wheels}")
    for line in (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("gradio=="):
            lines.append(line)
    if plan.hardware == ZERO:
        lines.append(_SPACES)
    return "\n".join(lines) + "\n"


def _readme(plan: Plan) -> str:
    entry = plan.entry
    extra = ""
    if entry is not None and plan.build is not None and entry.repository:
        extra += f"models:\n  - {entry.repository}\npreload_from_hub:\n  - {entry.repository} {plan.build.file}\n"
    if plan.sign_in:
        extra += "hf_oauth: true\n"
    title = " ".join(clean_text(plan.title).split())
    return (ASSETS / "space" / "README.md").read_text(encoding="utf-8").format(
        title=json.dumps(title, ensure_ascii=False) if re.search(r"[^\w -]", title) else title,
        gradio=_gradio(),
        hardware=plan.hardware,
        extra=extra,
        notice=_NOTICES[plan.hardware],
        account=", or to your account when you sign in" if plan.sign_in else "",
        days=plan.limits.days,
        words=f"{plan.limits.words:,}",
        model=entry.name if entry is not None else "the demonstration model, whose prose makes little sense",
        licence=entry.licence if entry is not None else "Apache 2.0",
    )  # fmt: skip


def _gradio() -> str:
    for line in (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("gradio=="):
            return line.removeprefix("gradio==").strip()
    raise SpaceError("requirements.txt does not say which Gradio is needed.", "Restore the file.")
