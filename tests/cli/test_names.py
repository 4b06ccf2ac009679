"""Names that no file can have are wrong usage like any other, and end in a sentence."""

from __future__ import annotations

import pytest

from longwriter_ui.bootstrap import build_studio
from longwriter_ui.cli import main

LONG = "n" * 300  # bytes; a name has at most 255 on every usual file system


@pytest.mark.parametrize("command", ["eval length", "eval report", "dataset check", "drafts import"])
def test_a_name_that_is_too_long_is_told(capsys: pytest.CaptureFixture[str], command: str):
    try:
        code = main([*command.split(), LONG], build_studio)
    except SystemExit as wrong_usage:
        code = wrong_usage.code
    assert code in (1, 2)
    assert f"{LONG} cannot be read: " in capsys.readouterr().err
