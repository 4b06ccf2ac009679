"""What is pinned can be installed on every Python that the application promises to run on."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from longwriter_ui.paths import PROJECT

FILES = ("requirements.txt", "requirements-dev.txt")  # tuning needs a newer one, see training/README.md


def oldest() -> str:
    """The oldest Python, as pyproject.toml has it."""
    found = re.search(r'requires-python = ">=([\d.]+)"', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found
    return found[1]


def pins(file: str) -> list[Requirement]:
    lines = (PROJECT / file).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and line[0] not in "#-"]


@pytest.mark.parametrize("file", FILES)
def test_every_version_for_the_oldest_python_admits_it(file: str) -> None:
    refused, python = [], oldest()
    for pin in pins(file):
        if pin.marker is not None and not pin.marker.evaluate({"python_version": python}):
            continue
        try:
            installed = metadata(pin.name)
        except PackageNotFoundError:
            continue
        if installed["Version"] not in pin.specifier:
            continue  # what this machine has says nothing about the pinned one
        if python not in SpecifierSet(installed["Requires-Python"] or ""):
            refused.append(f"{pin} needs Python {installed['Requires-Python']}")
    assert refused == []
