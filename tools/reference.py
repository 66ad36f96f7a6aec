"""Pages of the reference that say what the code says: made of signatures, docstrings, typed mappings and rule packs.

``python -m tools.reference`` writes them into ``docs/reference``; a test tells when they are out of date.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, ForwardRef, is_typeddict

import pytest_veeam_iam
from pytest_veeam_iam import evidence, list_rulepacks
from pytest_veeam_iam.config import OPTIONS
from pytest_veeam_iam.report import Finding, GroupReport, Result
from pytest_veeam_iam.rulepacks import RulePack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_veeam_iam.rulepacks import Profile, Requirement

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_MADE = "<!-- Made by python -m tools.reference: change the code, not this page. -->"
_SECTIONS = ("Args", "Attributes", "Raises", "Returns")
_TITLES = {"Args": "Arguments", "Attributes": "Attributes", "Raises": "Raises", "Returns": "Returns"}
_WIDTH = 100


def pages() -> dict[str, str]:
    """Return the name of each page and its text."""
    makers = {
        "api.md": _api,
        "json-report.md": _json_report,
        "options.md": _options,
        "packs.md": _packs,
    }
    return {name: "\n".join([_MADE, "", *make()]).rstrip() + "\n" for name, make in makers.items()}


def _api() -> Iterator[str]:
    names = pytest_veeam_iam.__all__
    objects = {name: getattr(pytest_veeam_iam, name) for name in names}
    yield from (
        "# The Python API",
        "",
        "All of this is imported from `pytest_veeam_iam`. These functions read no configuration and need no pytest.",
        "The [fixtures and the marker](../how-to/own-tests.md) follow the configuration.",
        "",
        "A `PolicyArgument` is a path, JSON text, a mapping, a `Policy`, or several of these.",
        "",
        "## Functions",
        "",
    )
    for name in (name for name in names if inspect.isfunction(objects[name])):
        yield from _function(name, objects[name], "###")
    yield from ("## What they return", "")
    for each in (objects["Report"], GroupReport, Result, Finding, objects["Evaluation"], objects["Policy"], RulePack):
        yield from _class(each)
    others = [name for name in names if inspect.isclass(objects[name])]
    yield from (
        "### `Decision`",
        "",
        *_docstring(objects["Decision"]),
        "[What each of them means](verdicts.md).",
        "",
    )
    told = {"Report", "Evaluation", "Policy", "Decision"}
    for name in others:
        if name not in told and not issubclass(objects[name], Exception):
            yield from _class(objects[name])
    yield from ("## Errors", "")
    for name in others:
        if issubclass(objects[name], Exception):
            bases = ", ".join(f"`{base.__name__}`" for base in objects[name].__bases__)
            yield from (f"### `{name}`", "", f"A kind of {bases}.", "", *_docstring(objects[name]))


def _function(name: str, function: Callable[..., object], heading: str) -> Iterator[str]:
    yield from (f"{heading} `{name}`", "", "```py", *_signature(name, function), "```", "", *_docstring(function))


def _signature(name: str, function: Callable[..., object]) -> list[str]:
    signature = inspect.signature(function)
    parameters = [*_parameters(signature.parameters.values())]
    returned = _annotation(signature.return_annotation)
    line = f"{name}({', '.join(parameters)}) -> {returned}"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{name}(", *(f"    {each}," for each in parameters), f") -> {returned}"]


def _annotation(value: object) -> str:
    return (value if isinstance(value, str) else getattr(value, "__name__", str(value))).replace("'", '"')


def _parameters(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    is_keyword_only = False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not is_keyword_only:
            is_keyword_only = True
            yield "*"
        stars = "**" if each.kind is each.VAR_KEYWORD else ""
        default = "" if each.default is each.empty else f" = {each.default!r}".replace("'", '"')
        yield f"{stars}{each.name}: {_annotation(each.annotation)}{default}"


def _class(each: type) -> Iterator[str]:
    yield from (f"### `{each.__name__}`", "", *_docstring(each))
    rows = []
    for name, value in vars(each).items():
        function = value.fget if isinstance(value, property) else getattr(value, "func", value)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        is_method = inspect.isfunction(value)
        shown = f"{name}{_call(function)}" if is_method else name
        rows.append(f"| `{shown}` | {_cell(inspect.getdoc(function) or '')} |")
    if rows:
        yield from ("| property or method | what it is |", "|---|---|", *rows, "")


def _call(function: Callable[..., object]) -> str:
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return f"({', '.join(names)})"


def _cell(text: str) -> str:
    """Return a docstring as the cell of a table: without its sections, in one line."""
    plain = re.split(r"\n\n(?:Args|Returns|Raises):", text)[0]
    return _markdown(" ".join(plain.split())).replace("|", "\\|")


def _docstring(thing: object) -> Iterator[str]:
    """Yield a docstring as Markdown: its text, and a list for each of its sections."""
    section = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        if line.rstrip(":") in _SECTIONS and line.endswith(":"):
            section = line[:-1]
            yield from (f"{_TITLES[section]}:", "")
        elif section in ("Args", "Attributes", "Raises") and re.match(r" {4}\S", line):
            name, _, text = line.strip().partition(": ")
            yield f"- `{name}`: {_markdown(text)}"
        elif section and line.startswith("    "):
            yield f"  {_markdown(line.strip())}" if section != "Returns" else _markdown(line.strip())
        else:
            yield _markdown(line)
    yield ""


def _markdown(text: str) -> str:
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", text.replace("``", "`")).replace("`~", "`")


def _json_report() -> Iterator[str]:
    yield from (
        "# The JSON report",
        "",
        "`--veeam-iam-report=report.json` writes the report of a run, a `Run`. `Report.to_dict()` returns a",
        f"`ReportDict`. `schema` is {evidence.SCHEMA}: it is raised when a key changes its meaning. Keys may be added",
        "within one schema, so a reader should pass over those that it does not know. Paths are relative to the",
        "repository, with `/`. Its JSON Schema is `report.schema.json` in the installed package.",
        "",
    )
    kinds = [each for each in vars(evidence).values() if is_typeddict(each)]
    for kind in sorted(kinds, key=lambda each: (each is not evidence.Run, kinds.index(each))):
        yield from (f"## {kind.__name__}", "", *_docstring(kind))
        inherited: dict[str, object] = {}
        if kind is evidence.Case:
            inherited = evidence.ReportDict.__annotations__
            yield from ("It has all keys of a `ReportDict`, and these:", "")
        yield from ("| key | value |", "|---|---|")
        own = {name: form for name, form in kind.__annotations__.items() if name not in inherited}
        yield from (f"| `{name}` | {_form(form)} |" for name, form in own.items())
        yield ""


def _form(form: object) -> str:
    text = form.__forward_arg__ if isinstance(form, ForwardRef) else _annotation(form)
    return f"`{text}`".replace("|", "\\|").replace("'", '"')


def _options() -> Iterator[str]:
    yield from (
        "# Options",
        "",
        "The command line wins over the environment, the environment over the ini file of pytest, and that over",
        "[veeam-iam.toml](../targets.md). A list is several flags, several lines in an ini file, or one environment",
        "variable with commas. A mistake in a flag stops the run; a mistake in a file is one item that fails.",
        "",
    )
    for option in OPTIONS:
        value = "" if option.kind == "switch" else f"={option.metavar}"
        yield from (
            f"## `{option.flag}{value}`",
            "",
            option.help,
            "",
            f"- ini file: `{option.key}`, environment: `{option.variable}`",
            *([f"- one of: {', '.join(f'`{choice}`' for choice in option.choices)}"] if option.choices else []),
            *(["- may be given several times"] if option.kind == "list" else []),
            "",
        )


def _packs() -> Iterator[str]:
    yield from (
        "# Rule packs",
        "",
        "What each product needs, as its pack says. `inferred` marks what no page says and somebody concluded.",
        "",
    )
    for pack in list_rulepacks():
        yield from _pack(pack)


def _pack(pack: RulePack) -> Iterator[str]:
    page = pack.provenance
    yield from (
        f"## `{pack.id}@{pack.version}`: {pack.product}",
        "",
        f"Source: [the vendor's page]({page.page}) of {page.page_updated}, build {page.build}; read on",
        f"{page.retrieved}, last seen unchanged on {page.last_seen_unchanged}. The text that this is made of:",
        f"[{pack.id}-{pack.version}.toml](../../pytest_veeam_iam/rulepacks/{pack.id}-{pack.version}.toml).",
        "",
        "### Profiles",
        "",
        "| profile | groups | without | rests on |",
        "|---|---|---|---|",
        *map(_profile, pack.profiles),
        "",
        "### Resources",
        "",
        "AWS checks each permission on a kind of resource. What stands in braces is the target's; any if not named.",
        "",
        "| kind | ARN |",
        "|---|---|",
        *(f"| {kind} | `{arn}` |" for kind, arn in pack.resource_types.items()),
        "",
    )
    for group in pack.groups:
        yield from (
            f"### {group.title}: `{group.id}`",
            "",
            f'In the words of the page: "{group.heading}".',
            "",
            "| permission | on | what for |",
            "|---|---|---|",
            *map(_requirement, group.requirements),
            "",
        )


def _profile(profile: Profile) -> str:
    without = ", ".join(f"`{action}`" for action in profile.without) or "-"
    groups = ", ".join(f"`{group}`" for group in profile.groups)
    return f"| `{profile.id}` | {groups} | {without} | {profile.confidence}: {profile.why} |"


def _requirement(each: Requirement) -> str:
    level = "" if each.level == "required" else f" ({each.level})"
    on = ", ".join(each.resource_types)
    scope = " (inferred)" if each.scope_inferred else ""
    why = f"{each.why}{' (inferred)' if each.why_inferred else ''}{'. ' if each.note else ''}{each.note}"
    return f"| `{each.action}`{level} | {on}{scope} | {' '.join(why.split())} |"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
