"""The architecture, read from the source: who may import whom, and how long a module may be."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "longwriter_ui"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the bottom up: a module may import those of lower layers, and of its own only within the same package.
LAYERS = [
    {"errors", "text", "words", "sentences", "loops", "compare", "wholefile", "turns", "limits"},
    {"brief", "plan", "draft", "edits", "events", "paths", "config", "project", "past", "manner", "jsonl", "server"},
    {"prompts", "engine", "store", "export", "imports", "report", "progress", "weights", "evaluate"},
    {"oneshot", "debt", "changes", "allowance"},
    {"writing"},
    {"together"},
    {"pipeline", "host", "recorder", "models", "selftest", "locks", "shelf"},
    {"revision", "jobs", "arguments"},
    {"loading", "performer", "asking", "ledger"},
    {"studio"},
    {"pieces", "visitors", "crew"},
    {"evaluation", "judges", "dataset"},
    {"trials"},
    {"space"},
    {"ui", "cli"},
    {"bootstrap"},
    {"__main__"},
]
# Neighbours within a layer that may know each other, all one way.
WITHIN = {
    ("loops", "sentences"), ("limits", "errors"), ("draft", "brief"), ("draft", "plan"), ("edits", "draft"),
    ("edits", "plan"),
    ("events", "draft"), ("events", "plan"), ("prompts", "engine"), ("project", "brief"),
    ("project", "draft"), ("project", "edits"), ("project", "plan"),
    ("project", "manner"), ("project", "past"), ("past", "draft"),
    ("draft", "manner"), ("config", "draft"), ("config", "manner"), ("config", "server"),
    ("weights", "engine"), ("report", "evaluate"), ("evaluate", "engine"), ("evaluate", "export"),
}  # fmt: skip
ONLY_IN = {
    "gradio": ("ui/",),
    "llama_cpp": ("engine/llamacpp.py", "engine/sampling.py", "engine/_"),
    "sqlite3": ("store/",),
    "pypandoc": ("export/", "imports/"),
    "typst": ("export/pdf.py",),
    "markdown": ("export/preview.py",),
    "nh3": ("export/preview.py",),
    "rich": ("cli/",),
    "huggingface_hub": ("weights/hub", "space/push.py"),
    "httpx2": ("weights/", "space/push.py"),
    "openai": ("engine/openai_",),
    "matplotlib": ("evaluate/plots.py",),
}
# Without these the core must still import: they are slow to load, or a person may not have them.
HEAVY = (
    "gradio", "llama_cpp", "pypandoc", "typst", "nh3", "rich", "numpy", "huggingface_hub", "httpx2", "jinja2",
    "py3langid", "matplotlib", "openai",
)  # fmt: skip


def name_of(path: Path) -> str:
    """The unit a module belongs to: the top-level module or package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Full names of everything a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
            if node.module == "longwriter_ui":
                found.update(f"longwriter_ui.{alias.name}" for alias in node.names)
    return frozenset(found)


def own(path: Path) -> set[str]:
    """The units of this package that a module imports."""
    parts = (name.split(".") for name in imports(path))
    return {part[1] for part in parts if part[0] == "longwriter_ui" and len(part) > 1} - {"__version__"}


def layer(unit: str) -> int:
    return next(i for i, units in enumerate(LAYERS) if unit in units)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path):
    unit = name_of(path)
    if unit == "__init__":
        assert not own(path)
        return
    for other in own(path) - {unit}:
        allowed = layer(other) < layer(unit) or (unit, other) in WITHIN
        assert allowed, f"{unit} must not import {other}"


def test_neighbours_know_each_other_one_way_only():
    assert not {(b, a) for a, b in WITHIN} & WITHIN
    for unit, other in WITHIN:
        assert layer(unit) == layer(other), f"({unit}, {other}) need not be listed"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_behind_its_adapter(library: str):
    importers = [
        str(path.relative_to(PACKAGE).as_posix())
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    ]
    assert importers, f"nothing imports {library} any more"
    assert not [path for path in importers if not path.startswith(ONLY_IN[library])]


def test_only_bootstrap_knows_concrete_engines():
    concrete = {f"longwriter_ui.engine.{name}" for name in ("llamacpp", "scripted", "openai_server")}
    assert [str(p.relative_to(PACKAGE)) for p in MODULES if imports(p) & concrete] == ["bootstrap.py"]


def test_prompts_take_only_values_from_the_engine():
    for path in (PACKAGE / "prompts").glob("*.py"):
        assert {n for n in imports(path) if n.startswith("longwriter_ui.engine")} <= {"longwriter_ui.engine.base"}


def test_the_application_starts_the_page_and_no_more():
    source = PROJECT / "app.py"
    assert not {name for name in imports(source) if name.split(".")[0] in ("gradio", "llama_cpp", "sqlite3")}
    assert len(source.read_text(encoding="utf-8").splitlines()) < 40


def test_modules_stay_short():
    sources = [*MODULES, PROJECT / "app.py", *(PROJECT / "assets").rglob("*.py"), *(PROJECT / "assets").rglob("*.js")]
    lengths = {str(p.relative_to(PROJECT)): len(p.read_text(encoding="utf-8").splitlines()) for p in sources}
    assert not {name: length for name, length in lengths.items() if length >= 300}
    assert not [name for name in lengths if Path(name).stem == "utils"]


def test_the_core_imports_without_heavy_libraries():
    """Everything but the page, the command line and the adapters of llama.cpp, with the libraries out of reach."""
    light = [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if name_of(path) not in ("ui", "cli", "__main__")
        and not path.relative_to(PACKAGE).as_posix().startswith(ONLY_IN["llama_cpp"] + ONLY_IN["openai"])
    ]
    program = f"""
import importlib, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError(name + " is out of reach")
sys.meta_path.insert(0, Blocker())
for name in {light!r}:
    importlib.import_module(name)
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
