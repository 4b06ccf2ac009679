from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from longwriter_ui.errors import StoreError
from longwriter_ui.jsonl import appending, dump_lines, load_lines, read_lines

LINES = [{"n": 0, "text": "one"}, {"n": 1, "text": "zwei\u2028 und 三"}]


def test_what_was_appended_is_read_again(tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    for line in LINES:
        with appending(path) as file:
            file.append(line)
    assert read_lines(path) == LINES
    assert path.read_bytes() == dump_lines(LINES)


def test_no_file_has_no_lines(tmp_path: Path):
    assert read_lines(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_torn_last_line_is_left_out_and_cut_off_at_reopening(tmp_path: Path, cut: int):
    path = tmp_path / "lines.jsonl"
    whole = dump_lines(LINES)
    path.write_bytes(whole[:-cut])
    kept = LINES if cut == 1 else LINES[:1]  # where only the end of the line is missing, the object is whole
    assert read_lines(path) == kept
    with appending(path) as file:
        file.append({"n": 2})
    assert path.read_bytes() == dump_lines([*kept, {"n": 2}])


def test_a_broken_line_in_the_middle_is_told(tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"n": 0}\n{"n": 1\n{"n": 2}\n')
    with pytest.raises(StoreError, match=r"Line 2 of .* is no JSON"):
        read_lines(path)
    path.write_bytes(b'{"n": 0}\n[1]\n')
    with pytest.raises(StoreError, match=r"Line 2 of .* is no JSON object"):
        read_lines(path)


@pytest.mark.parametrize("content", [b'{"n": 0}\n{"n": 1', b"just text", b"\xff\xfe{\x00}\x00"])
def test_a_file_that_a_person_gave_loses_no_line_in_silence(tmp_path: Path, content: bytes):
    path = tmp_path / "given.jsonl"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is no (JSON|text in UTF-8)"):
        load_lines(path)
    path.write_bytes(b'{"n": 0}\n{"n": 1}')
    assert load_lines(path) == [{"n": 0}, {"n": 1}]


def test_a_file_that_is_not_there_is_told_where_a_person_named_it(tmp_path: Path):
    with pytest.raises(StoreError, match="There is no file"):
        load_lines(tmp_path / "none.jsonl")
    with pytest.raises(StoreError, match="is a folder"):
        load_lines(tmp_path)


def test_two_processes_do_not_append_to_one_file(tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    program = f"""
from pathlib import Path
from longwriter_ui.errors import StoreError
from longwriter_ui.jsonl import appending
try:
    with appending(Path({str(path)!r})):
        print("appends")
except StoreError as error:
    print(error)
"""
    with appending(path):
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "being written by another process" in result.stdout


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path):
    with pytest.raises(StoreError, match="cannot be written"), appending(tmp_path):
        pass
