"""The program that serves the page."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request

from longwriter_ui.paths import PROJECT


def test_another_host_needs_a_password_or_an_explicit_word() -> None:
    command = [sys.executable, "app.py", "--host", "0.0.0.0"]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2
    assert "--auth" in result.stderr
    assert "--public" in result.stderr


def test_it_prints_the_address_and_the_page_answers_there() -> None:
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"LongWriter Studio: (http://127\.0\.0\.1:\d+/)\n", line)
        assert match, line
        with urllib.request.urlopen(match.group(1), timeout=30) as response:
            assert "LongWriter Studio" in response.read().decode("utf-8")
    finally:
        process.terminate()
        process.wait(30)


def test_what_cannot_be_served_is_told_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options in (["--port", port], ["--model", "missing.gguf"]):
            command = [sys.executable, "app.py", *options]
            result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
            assert result.returncode == 1
            assert result.stderr.startswith("error: ")
            assert options[1] in result.stderr
            assert "Traceback" not in result.stderr
