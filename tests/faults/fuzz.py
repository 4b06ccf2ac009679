"""Fuzzes what reads files and messages of others.

    python -m tests.faults.fuzz gguf --seconds 600

Names: gguf (header of a model file), project (project file), cleaner (Markdown for an export), board (operations).
With `pip install atheris` it is guided by coverage, and what it found to be worth keeping stays in `--corpus`; without,
seeds are mutated blindly. An input that fails is written to `--findings`; put it into tests/faults/findings/NAME/,
where the tests run it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

NAMES = ("gguf", "project", "cleaner", "board")
FINDINGS = Path(__file__).with_name("findings")
_SLOW = 20  # seconds for one input: a hang
_SPECIAL = (
    b"\x00",
    b"\xff" * 4,
    b"\xff" * 8,
    b"\x00\x00\x00\x80",
    b"9" * 30,
    b"-1",
    b"null",
    b"\n",
    b"\xed\xa0\x80",
    b"**",
)


def mutations(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Inputs made from good ones, without end; the same for the same seed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            at, size = chance.randint(0, len(data)), chance.choice((1, 1, 2, 4, 8, 40))
            how = chance.randrange(6)
            if how == 0 and data:
                data[at % len(data)] = chance.randrange(256)
            elif how == 1 and data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            elif how == 2:
                del data[at : at + size]
            elif how == 3:
                data[at:at] = chance.choice(_SPECIAL)
            elif how == 4:
                other = chance.choice(seeds)
                start = chance.randint(0, len(other))
                data[at : at + size] = other[start : start + size]
            else:
                data[at:at] = data[at : at + size]
        yield bytes(data)


def findings(name: str) -> list[Path]:
    """Inputs that once failed."""
    return sorted((FINDINGS / name).glob("*"))


def _blindly(name: str, seconds: float, found: Path, seed: int) -> int:
    from tests.faults.targets import TARGETS

    target, end, tried, failed = TARGETS[name], time.monotonic() + seconds, 0, 0
    for data in mutations(target.seeds, seed):
        if time.monotonic() > end:
            break
        tried += 1
        try:
            target.run(data)
        except Exception as error:  # any at all is a finding
            failed += 1
            path = found / hashlib.sha256(data).hexdigest()[:16]
            path.write_bytes(data)
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
    print(f"{name}: {tried} inputs, {failed} failed")
    return 1 if failed else 0


def _guided(name: str, seconds: int, found: Path, corpus: Path) -> None:
    """Does not come back: the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["longwriter_ui", "json"]):
        from tests.faults.targets import TARGETS
    for data in TARGETS[name].seeds + tuple(path.read_bytes() for path in findings(name)):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-timeout={_SLOW}", "-rss_limit_mb=2048", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={found}/", str(corpus)], TARGETS[name].run)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1, help="of the blind mutations")
    parser.add_argument("--findings", type=Path, default=Path("fuzz") / "findings")
    parser.add_argument("--corpus", type=Path, default=Path("fuzz") / "corpus")
    options = parser.parse_args()
    found, corpus = options.findings / options.name, options.corpus / options.name
    found.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris") is None:
        return _blindly(options.name, options.seconds, found, options.seed)
    corpus.mkdir(parents=True, exist_ok=True)
    _guided(options.name, options.seconds, found, corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
