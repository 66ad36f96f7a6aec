"""What a user waits for: whole runs of pytest, from the start of the process to its end."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.documents import ordinary
from benchmarks.measure import program, side_by_side
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Iterator

BARE = ("pytest", "-p", "no:veeam_iam", "-p", "no:cacheprovider", "test_nothing.py")
PLUGIN = ("pytest", "-p", "no:cacheprovider", "test_nothing.py")


def rows(runs: int) -> Iterator[Row]:
    """Yield the rows of the whole check, and of the plugin where nobody asks for it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("", "utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        bare = program(BARE, folder)
        for document in ordinary():
            (folder / "policy.json").write_text(document.text, "utf-8")
            target = [f"--veeam-iam-{option}={value}" for option, value in document.target.items()]
            whole = program(("pytest", "-p", "no:cacheprovider", "--veeam-iam", "policy.json", *target), folder)
            pair = side_by_side(whole, bare, rounds=runs)
            theirs = f"{duration(pair.theirs)} bare pytest"
            yield Row("cold start of the whole check", document.name, duration(pair.ours), theirs, times(pair.ratio))
        pair = side_by_side(program(PLUGIN, folder), bare, rounds=2 * runs)
        ratio = f"{times(pair.ratio)}, {1000 * (pair.ours - pair.theirs):+.1f} ms"
        theirs = f"{duration(pair.theirs)} without"
        yield Row("bare pytest with the plugin loaded", "an empty test file", duration(pair.ours), theirs, ratio)
