"""Pages that lead by the hand are followed literally: files are saved, commands run, outputs compared.

In Markdown nobody sees how: a comment above a fenced block says what it is.

- ``<!-- file: PATH -->``: what a reader saves there.
- ``<!-- run -->``: what a reader types; every line has to succeed.
- ``<!-- run, fails -->``: the last line has to fail.
- ``<!-- prints -->``: lines that the commands before printed, in this order; ``...`` stands for others.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^<!-- (file: \S+|run|run, fails|prints) -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block, what to do with it, and its line."""

    line: int
    kind: str
    text: str


def _blocks(path: Path) -> list[Block]:
    text = path.read_text("utf-8")
    return [Block(text.count("\n", 0, match.start(2)) + 1, *match.groups()) for match in BLOCK.finditer(text)]


PAGES = {path: blocks for path in sorted((ROOT / "docs").rglob("*.md")) if (blocks := _blocks(path))}


class StrayedError(Exception):
    """A page leads somewhere else."""


class Reader:
    """Somebody who does what a page says, in an empty folder of a machine that has pytest and this plugin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.printed = ""

    def do(self, block: Block) -> None:
        if block.kind == "prints":
            self.compare(block.text)
        elif block.kind.startswith("run"):
            self.type(block.text, fails=block.kind.endswith("fails"))
        else:
            self.save(block.kind.removeprefix("file: "), block.text)

    def save(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def type(self, commands: str, *, fails: bool) -> None:
        run = subprocess.run(
            ["sh", "-e", "-c", commands],
            cwd=self._folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed = run.stdout
        if (run.returncode != 0) is not fails:
            raise StrayedError(f"exit code {run.returncode}\n{commands}\n{self.printed}")

    def _environment(self) -> dict[str, str]:
        own = ("VEEAM_IAM", "PYTEST_", "GIT_", "CI", "GITHUB_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        who = {f"GIT_{role}_{what}": "reader" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
        return {**kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "PATH": path, "COLUMNS": "100"}

    def compare(self, expected: str) -> None:
        printed = iter(line.rstrip() for line in self.printed.splitlines())
        for line in expected.splitlines():
            if line.strip() != "..." and line.rstrip() not in printed:
                raise StrayedError(f"not printed, or not in this order: {line}\n{self.printed}")


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "docs").as_posix()


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")
@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_it_leads_to_what_it_says(path: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in PAGES[path]:
        try:
            reader.do(block)
        except StrayedError as error:
            strayed = f"{path.name}:{block.line}: {error}"
            break
    else:
        return
    pytest.fail(strayed, pytrace=False)


def test_the_tutorial_and_most_guides_are_followed() -> None:
    followed = {_name(path) for path in PAGES}
    assert "tutorial.md" in followed
    guides = (
        "boundaries-and-scps",
        "cloudformation",
        "plan-json",
        "rule-pack",
        "several-accounts",
        "terraform",
        "waivers",
    )
    assert followed >= {f"how-to/{name}.md" for name in guides}
