"""The rows of whole runs of pytest over many policy files: how time and memory grow, and what two workers save."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import table
from benchmarks.documents import generated
from benchmarks.table import Row, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORKERS = 2
_SMALLEST = 100
_PROGRAM = """
import re, sys, pytest
pytest.main(sys.argv[1:])
status = open("/proc/self/status").read()
print("peak", re.search(r"VmHWM:\\s*(\\d+)", status)[1], file=sys.stderr)
"""


@dataclass(frozen=True)
class Measured:
    """One run.

    Attributes:
        seconds: From start to end.
        cpu: Seconds of all of its processes together.
        memory: The most that its main process had, in bytes; 0 where nobody can say.
    """

    seconds: float
    cpu: float
    memory: int


def rows(most: int) -> Iterator[Row]:
    """Yield the time per policy of a large run against a small one, its memory, and the speed-up of two workers.

    Args:
        most: Policies of the large run.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, document in enumerate(generated(most)):
            path = folder / "policies" / f"{number // 1000:02}" / f"{number:05}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.text, "utf-8")
        few, many = folder / "few", folder / "policies"
        few.mkdir()
        for path in sorted(many.rglob("*.json"))[:_SMALLEST]:
            (few / path.name).write_bytes(path.read_bytes())
        small, large = _run(few), _run(many)
        shared, identical = _run(many, "-n", str(WORKERS)), _run(_same(folder, most))
    over = f"{most:,} policy files"
    each, before = large.cpu / most, small.cpu / _SMALLEST
    ours, theirs = f"{duration(each)} each", f"{duration(before)} each of {_SMALLEST}"
    yield Row(
        "whole run, processor time per policy", over, ours, theirs, table.times(each / before), "not more than 1 x"
    )
    if large.memory:
        ours, theirs = f"{large.memory / 2**20:.0f} MiB", f"{small.memory / 2**20:.0f} MiB for {_SMALLEST}"
        yield Row(
            "whole run, memory", over, ours, theirs, f"{(large.memory - small.memory) / most / 1024:.1f} KiB each"
        )
    ours, theirs = duration(shared.seconds), f"{duration(large.seconds)} alone"
    yield Row(
        f"whole run with -n {WORKERS}", over, ours, theirs, f"{table.times(large.seconds / shared.seconds)} faster"
    )
    ours, theirs = duration(identical.seconds), f"{duration(large.seconds)} all different"
    yield Row(
        "whole run, identical documents", over, ours, theirs, f"{table.times(large.seconds / identical.seconds)} faster"
    )


def _same(folder: Path, count: int) -> Path:
    """Return a directory with the same document many times."""
    same = folder / "same"
    same.mkdir()
    text = next(iter(generated(1))).text
    for number in range(count):
        (same / f"{number:05}.json").write_text(text, "utf-8")
    return same


def _run(folder: Path, *more: str) -> Measured:
    arguments: Sequence[str] = ("--veeam-iam", "-q", "--tb=no", "-p", "no:cacheprovider", "--noconftest", *more)
    command = [sys.executable, "-c", _PROGRAM, *arguments, "--rootdir", str(folder), str(folder)]
    start, used = perf_counter(), _cpu()
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603 - pytest
    seconds, cpu = perf_counter() - start, _cpu() - used
    peak = re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)
    return Measured(seconds, cpu, int(peak[1]) * 1024 if peak else 0)


def _cpu() -> float:
    """Return the seconds of processor time that ended child processes have had."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    print(table.as_text(list(rows(int(sys.argv[1])))))  # noqa: T201 - printing is what it is for
