"""How time and memory grow with the number of policies: each size runs in a process of its own, as nothing is shared.

``python -m benchmarks.growth 100`` prints what one size took, as JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.documents import generated
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (10, 100, 1_000, 10_000)
TRACED = 1_000
"""Policies up to which memory is traced allocation by allocation, which takes five times as long."""


def rows(most: int) -> Iterator[Row]:
    """Yield the seconds, the process's memory and the peak of Python's allocations, for each size against the first."""
    sizes = [size for size in SIZES if size <= most]
    found = {size: _measured(size) for size in sizes}
    first = found[sizes[0]]
    for size in sizes[1:]:
        here, over = found[size], f"{size:,} policies against {sizes[0]}"
        each, before = here["seconds"] / size, first["seconds"] / sizes[0]
        ours, theirs = f"{duration(each)} each", f"{duration(before)} each"
        yield Row("text to report, time per policy", over, ours, theirs, times(each / before), "linear: about 1 x")
        for key, what in (("resident", "memory of the process"), ("peak", "peak of Python's allocations")):
            if here.get(key) and first.get(key):
                ours, theirs = f"{here[key] / 2**20:.1f} MiB", f"{first[key] / 2**20:.1f} MiB"
                yield Row(
                    f"text to report, {what}", over, ours, theirs, times(here[key] / first[key]), "flat: about 1 x"
                )


def _measured(size: int) -> dict[str, float]:
    arguments = [sys.executable, "-m", "benchmarks.growth", str(size)]
    done = subprocess.run(arguments, capture_output=True, check=True)  # noqa: S603 - this module
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(size: int) -> dict[str, float]:
    """Return what reading and checking so many different policies takes; the first ones warm up."""
    check_all(SIZES[0])
    start = perf_counter()
    check_all(size)
    found = {"seconds": perf_counter() - start, "resident": resident()}
    if size <= TRACED:
        tracemalloc.start()
        check_all(size)
        found["peak"] = tracemalloc.get_traced_memory()[1]
    return found


def check_all(size: int) -> None:
    """Read and check so many policies; nothing of them is kept."""
    from pytest_veeam_iam import check_veeam_backup_ready

    for document in generated(size):
        check_veeam_backup_ready(document.text, lint=False, **document.target)  # type: ignore[arg-type]


def resident() -> float:
    """Return the most memory that this process has had, in bytes; 0 where nobody can say.

    Linux: ``ru_maxrss`` of a new process starts at what its parent had, so that nothing would ever seem to grow.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        most = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text("utf-8"), re.MULTILINE)
        return int(most[1]) * 1024 if most else 0
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))))
