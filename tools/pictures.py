"""Pictures of terminals: real runs in real folders, drawn as SVG; nothing in them is typed by hand.

``python -m tools.pictures`` draws them into ``docs/pictures``; a test tells when one says something else than the tool.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
_COLUMNS = 110
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="a terminal">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, monospace; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As rich has it, without a font from another host."""


class Picture(NamedTuple):
    """A run to draw: what makes its folder, and what is typed."""

    prepare: Callable[[Path], None]
    command: str


def _typo(folder: Path) -> None:
    policy = ROOT / "policies" / "vb365-s3" / "one-bucket" / "documented.json"
    text = policy.read_text("utf-8").replace("s3:RestoreObject", "s3:RestorObject")
    (folder / "policies").mkdir()
    (folder / "policies" / "backup-role.json").write_text(text, "utf-8")


def _tutorial(folder: Path) -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (targets,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (folder / "policies").mkdir()
    changed = policy.replace('"s3:PutObjectRetention",\n        "s3:RestoreObject"', '"s3:PutObjectRetention"')
    (folder / "policies" / "backup-role.json").write_text(changed, "utf-8")
    (folder / "veeam-iam.toml").write_text(targets, "utf-8")


def _targets(folder: Path) -> None:
    shutil.copytree(ROOT / "tests" / "examples" / "targets" / "repository", folder, dirs_exist_ok=True)
    (folder / ".git").mkdir()


PICTURES = {
    "failure.svg": Picture(_typo, "pytest --veeam-iam policies"),
    "targets.svg": Picture(_targets, "pytest --veeam-iam-as-of=2026-11-27"),
    "tutorial-red.svg": Picture(_tutorial, "pytest"),
}


def printed(picture: Picture) -> str:
    """Return what a terminal shows, with its colours, but for what differs from run to run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        picture.prepare(folder)
        _, *arguments = picture.command.split()
        command = [sys.executable, "-m", "pytest", "--no-header", "--color=yes", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    text = re.sub(r"in \d+\.\d+s", "in 1.00s", done.stdout)
    return f"$ {picture.command}\n{text}"


def _environment() -> dict[str, str]:
    left_out = ("VEEAM_IAM", "PYTEST", "CI", "GITHUB", "NO_COLOR", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}


def drawn(name: str) -> str:
    """Return a picture as SVG."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=_COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.from_ansi(printed(PICTURES[name])))
        svg = console.export_svg(
            title="", theme=MONOKAI, code_format=_FRAME, unique_id=f"picture-{name.removesuffix('.svg')}"
        )
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def words(svg: str) -> list[str]:
    """Return what a picture says, whatever it looks like."""
    return "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)).replace("&#160;", " ").split()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        (FOLDER / name).write_text(drawn(name), "utf-8")
