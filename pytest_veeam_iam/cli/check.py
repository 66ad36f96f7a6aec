"""``veeam-iam check``: starts pytest on policies and nothing else, with no code or configuration of their repository.

What pytest reads of a repository by itself can run code: conftest.py, plugins named in an ini file, test modules. None
of it is read here. ``veeam-iam.toml`` and the environment count, as they hold no code.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_veeam_iam.config import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_veeam_iam import evidence
    from pytest_veeam_iam.config import Option

_OWN = ("", "policies", "only", "init", "accept-until", "accepted-by")
"""Options that make no sense here, or are always set."""

_FINE, _FALLS_SHORT, _MISUSED = 0, 1, 2


class _Check(click.Command):
    """What stands behind ``--`` is handed on to pytest as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ctx.obj = args[end + 1 :]
        return super().parse_args(ctx, args[:end])


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every option of the plugin, under its short name and its full one."""
    for option in reversed(OPTIONS):
        if option.name not in _OWN:
            function = click.option(f"--{option.name}", option.flag, option.key, **_how(option))(function)
    return function


def _how(option: Option) -> dict[str, Any]:
    if option.kind == "switch":
        return {"is_flag": True, "help": option.help}
    kind = {"type": click.Choice(option.choices)} if option.choices else {"metavar": option.metavar}
    return {"multiple": option.kind == "list", "help": option.help, **kind}


@click.command("check", cls=_Check)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_options
@click.option("--export-missing", metavar="FILE", help="Write a policy that grants what is missing.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON report and nothing else.")
@click.pass_obj
def command(
    more: list[str], /, *, paths: tuple[str, ...], export_missing: str | None, as_json: bool, **options: Any
) -> int:
    """Say whether policies are ready for Veeam: exit code 0 if they are, 1 if one falls short.

    Takes the options of the pytest plugin, with or without veeam-iam- in their names. What stands behind -- goes to
    pytest itself.
    """
    arguments = [*_typed(options), *more, *paths]
    code = _MISUSED
    if not as_json:
        code = _pytest(arguments, paths)
        if code == _MISUSED or export_missing is None:
            return code
        arguments = [*_typed({**options, "veeam_iam_report": None}), *more, *paths]
    quiet, text = _quietly(arguments, paths)
    if not text:
        if quiet != _MISUSED:
            click.echo("veeam-iam: no policy was checked, so that there is no report", err=True)
        return _MISUSED
    if export_missing is not None:
        _export(json.loads(text), Path(export_missing))
    if as_json:
        click.echo(text, nl=False)
        return quiet
    return code


def _typed(options: dict[str, Any]) -> list[str]:
    """Return the options as flags of pytest."""
    flags = []
    for option in OPTIONS:
        value = options.get(option.key)
        if option.kind == "switch":
            flags += [option.flag] if value else []
        elif value is not None:
            flags += [f"{option.flag}={each}" for each in (value if option.kind == "list" else [value])]
    return flags


def _pytest(arguments: Sequence[str], paths: Sequence[str]) -> int:
    """Run pytest and return the exit code of the command."""
    import pytest

    plugin = ["-p", "pytest_veeam_iam.plugin"] if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") else []
    fixed = ["--veeam-iam", "--veeam-iam-only", "--noconftest", "-p", "no:cacheprovider", *plugin]
    fixed += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # the plugin is imported before pytest
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "pytest.ini"
        empty.write_text("[pytest]\n", "utf-8")
        root = _root(paths)  # without confcutdir the directories above it are listed
        fixed += ["-c", str(empty), f"--rootdir={root}", f"--confcutdir={root}"]
        code = int(pytest.main([*fixed, *arguments]))
    return code if code in (_FINE, _FALLS_SHORT) else _MISUSED


def _quietly(arguments: Sequence[str], paths: Sequence[str]) -> tuple[int, str]:
    """Run pytest and return the exit code of the command and the JSON report, which is empty if there is none."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = _pytest(["-p", "no:terminal", "--veeam-iam-report=json:-", *arguments], paths)
    text = said.getvalue()
    end = json.JSONDecoder().raw_decode(text)[1] + 1 if text.startswith("{\n") else 0
    if text[end:]:
        click.echo(text[end:], err=True, nl=False)
    return code, text[:end] if code != _MISUSED else ""


def _root(paths: Sequence[str]) -> str:
    """Return the current directory, or what is common to the paths if one lies outside of it."""
    here = Path.cwd()
    asked = [Path(os.path.normpath(here / path.partition("::")[0])) for path in paths]
    if all(path.is_relative_to(here) for path in asked):
        return str(here)
    folders = [str(path if path.is_dir() else path.parent) for path in asked]
    try:
        return os.path.commonpath(folders)
    except ValueError:  # on several drives
        return str(here)


def _export(run: evidence.Run, path: Path) -> None:
    """Write a policy that grants what is missing, and say what it cannot cure."""
    from pytest_veeam_iam.iam.grants import MOST_CHARACTERS, size
    from pytest_veeam_iam.reporters import missing

    path.write_text(missing.render(run), "utf-8", newline="\n")
    grants = missing.missing(run)
    granted = sum(len(grant.actions) for grant in grants)
    what = f"grants what is missing: {granted} permission{'s'[: granted > 1]}" if granted else "nothing to grant"
    lines = [f"written: {path}: {what}"]
    principals = sum(1 for case in run["reports"] if not case["ready"])
    if granted and principals > 1:
        lines.append(f"  it holds what any of {principals} lacks; check one at a time for a policy of each")
    if size(grants) > MOST_CHARACTERS:
        lines.append(f"  it is larger than the {MOST_CHARACTERS} characters that AWS takes: divide its statements")
    left = missing.incurable(run)
    if left:
        lines += ["  attaching it does not cure:", *(f"    {each}" for each in left)]
    click.echo("\n".join(lines), err=True)
