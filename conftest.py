"""What all tests share: pytester, and the examples of the documents, which are tests as well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent
POLICY = ROOT / "policies" / "vb365-s3" / "one-bucket" / "documented.json"
FILE_OF = {"python": "test_example.py", "toml": "pyproject.toml", "ini": "pytest.ini"}
"""Language of a fenced block -> what a reader would save it as."""
FOLLOWED = "<!-- run"
"""In a page whose blocks belong together: tests/test_followed_pages.py follows it."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    is_page = file_path.suffix == ".md" and file_path.is_relative_to(ROOT / "docs")
    is_guide = file_path == ROOT / "README.md" or (is_page and FOLLOWED not in file_path.read_text("utf-8"))
    return Guide.from_parent(parent, path=file_path) if is_guide else None


class Guide(pytest.File):
    """The README or a page below docs: every fenced block in one of our languages is an item, named by its line."""

    def collect(self) -> Iterator[pytest.Item]:
        text = self.path.read_text("utf-8")
        for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            language, content = match.groups()
            line = text.count("\n", 0, match.start(2))
            if language in FILE_OF:
                yield Example.from_parent(self, name=f"{language}-{line}", line=line, content=content)
            elif language == "text":
                yield Output.from_parent(self, name=f"output-{line}", line=line, content=content)


class Block(pytest.Item):
    """A fenced block, tried in a project that has the README's policy."""

    def __init__(self, *, line: int, content: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.line, self.content = line, content

    def try_it(self, project: Path) -> None:
        """Fail if it does not do in that project what the README says."""
        raise NotImplementedError

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            (project := Path(name).resolve()).joinpath("policies").mkdir()
            (project / "policies" / "backup-role.json").write_bytes(POLICY.read_bytes())
            self.try_it(project)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line, self.name


class Example(Block):
    """A file of a project, whose tests pass with it."""

    def try_it(self, project: Path) -> None:
        language = self.name.partition("-")[0]
        lines_above = "\n" * self.line if language == "python" else ""  # so that line numbers are those of the README
        name = "veeam-iam.toml" if "[[target]]" in self.content else FILE_OF[language]
        (project / name).write_text(lines_above + self.content, "utf-8")
        run = _pytest(project)
        if run.returncode != 0:
            pytest.fail(
                f"{self.path.name}:{self.line + 1}: pytest fails with this\n{run.stdout}{run.stderr}", pytrace=False
            )


class Output(Block):
    """What the tool prints about the policy with the typo that the README speaks of."""

    def try_it(self, project: Path) -> None:
        policy = project / "policies" / "backup-role.json"
        policy.write_text(policy.read_text("utf-8").replace("s3:RestoreObject", "s3:RestorObject"), "utf-8")
        printed = _pytest(project, "--veeam-iam", "policies").stdout
        if self.content not in printed:
            pytest.fail(f"{self.path.name}:{self.line + 1}: the tool prints something else\n{printed}", pytrace=False)


def _pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    at_a_desk = {name: value for name, value in os.environ.items() if name != "CI"} | {"COLUMNS": "80"}
    command = [sys.executable, "-m", "pytest", "-W", "error", *arguments]
    return subprocess.run(command, cwd=project, env=at_a_desk, capture_output=True, text=True, check=False)
