"""The Markdown files say what the code does: options, rule packs, checks, and links that lead somewhere."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

from pytest_veeam_iam import checks, list_rulepacks
from pytest_veeam_iam.config import OPTIONS
from pytest_veeam_iam.teamfile import keys

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def _readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def test_the_table_of_flags_is_that_of_the_code() -> None:
    expected = [
        f"| `{option.flag}{'' if option.kind == 'switch' else f'={option.metavar}'}` | `{option.key}` "
        f"| `{option.variable}` | {option.help} |"
        for option in OPTIONS
    ]
    assert re.findall(r"^\| `--veeam-iam.*$", _readme(), re.MULTILINE) == expected


def test_the_keys_of_the_file_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "targets.md").read_text("utf-8")
    expected = []
    for key in (*keys.TARGET, *keys.WAIVER):
        holds = " or ".join(f"`{each}`" for each in key.choices) or key.kind.name
        required = " (required)" if key.is_required else ""
        expected.append(f"| `{key.name}`{required} | {holds} | {key.help} |")
    assert re.findall(r"^\| `.*$", text, re.MULTILINE) == expected


def test_the_table_of_packs_is_that_of_the_code() -> None:
    rows = [line for line in _readme().splitlines() if re.match(r"\| `[^`]+@", line)]
    expected = []
    for pack in list_rulepacks():
        groups = ", ".join(f"{group.id} ({len(group.required)})" for group in pack.groups)
        page = pack.provenance
        source = f"[vendor's page]({page.page}) of {page.page_updated}, build {page.build}"
        expected.append(f"| `{pack.id}@{pack.version}` | {pack.product} | {groups} | {source} |")
    assert rows == expected


def test_every_check_is_explained_and_nothing_else() -> None:
    text = (ROOT / "docs" / "checks.md").read_text("utf-8")
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    assert [section.partition("\n")[0] for section in sections] == sorted(
        module.name for module in pkgutil.iter_modules(checks.__path__)
    )
    for section in sections:
        assert re.findall(r"^(Avoid|Prefer|Why):", section, re.MULTILINE) == ["Avoid", "Prefer", "Why"]


@each_document
def test_its_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@each_document
def test_it_is_ascii(path: Path) -> None:
    assert path.read_text("utf-8").isascii()


@each_document
def test_it_names_no_flag_that_does_not_exist(path: Path) -> None:
    flags = set(re.findall(r"--veeam-iam(?:-[a-z0-9]+)*", path.read_text("utf-8")))
    assert flags <= {option.flag for option in OPTIONS}
