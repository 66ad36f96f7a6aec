"""The tables and keys of ``veeam-iam.toml``: what each may hold, and what it means; the loader and the schema use it.

It knows the form of values and nothing of packs or policies.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a target can be called: its name stands in node ids and in ``-k``."""


class Kind(NamedTuple):
    """A form that a value must have.

    Attributes:
        name: How messages call it.
        fits: Tells it.
        written: How it is written, an example.
        schema: The same as JSON Schema.
    """

    name: str
    fits: Callable[[object], bool]
    written: str
    schema: Mapping[str, object]


class Key(NamedTuple):
    """One key of a table.

    Attributes:
        name: As it is written.
        kind: What it holds.
        help: What it means, one line.
        is_required: Whether the table needs it.
        choices: What it can be, if that is all there is.
    """

    name: str
    kind: Kind
    help: str
    is_required: bool = False
    choices: tuple[str, ...] = ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


def _is_day(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and _is_iso(value)
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_iso(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_value(value: object) -> bool:
    return isinstance(value, str | bool | int | float)


def _is_bind(value: object) -> bool:
    """Return whether a table holds values; ``var.bucket`` without quotes is a table in a table for TOML."""
    return isinstance(value, dict) and all(_is_value(each) or (each and _is_bind(each)) for each in value.values())


def _is_context(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_value(each) or each == ABSENT or (isinstance(each, list) and all(map(_is_value, each)))
        for each in value.values()
    )


def _is_levels(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_texts, value))


ABSENT: Mapping[str, object] = {"absent": True}
"""How a key of a request is said to be absent: TOML has no null."""

_TEXT_SCHEMA: Mapping[str, object] = {"type": "string", "pattern": r"\S"}
_TEXTS_SCHEMA: Mapping[str, object] = {"anyOf": [_TEXT_SCHEMA, {"type": "array", "minItems": 1, "items": _TEXT_SCHEMA}]}
_VALUE_SCHEMA: Mapping[str, object] = {"type": ["string", "number", "boolean"]}

TEXT = Kind("a text that is not empty", _is_text, '{key} = "..."', _TEXT_SCHEMA)
TEXTS = Kind("a text or a list of texts", _is_texts, '{key} = ["...", "..."]', _TEXTS_SCHEMA)
FLAG = Kind("true or false", lambda value: isinstance(value, bool), "{key} = true", {"type": "boolean"})
DAY = Kind("a date", _is_day, "{key} = 2027-01-31", {"type": "string", "format": "date"})
BIND = Kind(
    "a table of values",
    _is_bind,
    '"var.bucket" = "acme-veeam"',
    {"type": "object", "additionalProperties": {"anyOf": [_VALUE_SCHEMA, {"type": "object", "minProperties": 1}]}},
)
CONTEXT = Kind(
    "a table of condition keys",
    _is_context,
    '{key} = {{ "aws:SourceIp" = "10.1.2.3" }}',
    {
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                _VALUE_SCHEMA,
                {"type": "array", "items": _VALUE_SCHEMA},
                {
                    "type": "object",
                    "properties": {"absent": {"const": True}},
                    "required": ["absent"],
                    "additionalProperties": False,
                },
            ]
        },
    },
)
LEVELS = Kind(
    "a list of levels from the root down, each a file or a list of files",
    _is_levels,
    '{key} = ["scp/root.json", ["scp/unit-a.json", "scp/unit-b.json"]]',
    {"type": "array", "minItems": 1, "items": _TEXTS_SCHEMA},
)

TARGET = (
    Key("name", TEXT, "its name, in node ids and in -k: letters, digits, dots and hyphens", is_required=True),
    Key("files", TEXTS, "files, globs or directories of its policies, all attached to one principal"),
    Key("each", FLAG, "whether every file is a principal of its own (default false)"),
    Key("principal", TEXT, "the user or role that is meant, as the files name it, or its ARN"),
    Key("form", TEXT, "what to take the files for, for example cloudformation; found out if not named"),
    Key("select", TEXTS, "JSONPaths of the policies in the files, instead of a form"),
    Key("pack", TEXT, "rule pack: vb365-s3 for the newest version, vb365-s3@8.3 for exactly that one"),
    Key("profile", TEXT, "named selection of the pack's groups"),
    Key("groups", TEXTS, "groups of the pack instead of a profile"),
    Key("bucket", TEXTS, "bucket that must be covered, or several; inferred if not named"),
    Key("prefix", TEXT, "folder of the repository in the bucket"),
    Key("region", TEXT, "region of the archiver appliance; inferred if not named"),
    Key("account", TEXT, "the account's 12 digits, in quotes; inferred if not named"),
    Key("partition", TEXT, "aws, aws-cn, aws-us-gov, ..."),
    Key("scenario", TEXT, "backup or backup-copy; it decides about storage classes, not permissions"),
    Key("storage_class", TEXT, "storage class of the bucket"),
    Key("context", CONTEXT, "what every request of the product is known to carry"),
    Key("permissions_boundary", TEXT, "file of the permissions boundary; a template's own is used if not named"),
    Key("service_control_policies", LEVELS, "files of the service control policies, by level from the root down"),
    Key("resource_policies", TEXTS, "files of the bucket policies"),
    Key("session_policies", TEXTS, "files of the session policies"),
    Key("bind", BIND, "values of what its templates leave open, before those of [bind]"),
    Key("list_buckets_on_s3_arn", FLAG, "whether arn:aws:s3:::* grants s3:ListAllMyBuckets (default true)"),
    Key(
        "excess",
        TEXT,
        "how grave it is to grant more than is needed (default warning)",
        choices=("error", "warning", "off"),
    ),
    Key("when_missing", TEXT, "what happens if its files are not there (default fail)", choices=("fail", "skip")),
)

WAIVER = (
    Key("target", TEXT, "the name of the target that falls short", is_required=True),
    Key("permission", TEXT, "the action that is not granted, for example s3:RestoreObject"),
    Key("finding", TEXT, "the id of a finding, instead of a permission"),
    Key("reason", TEXT, "why the gap is accepted", is_required=True),
    Key("accepted_by", TEXT, "who answers for it", is_required=True),
    Key("expires", DAY, "the last day on which it counts, in UTC", is_required=True),
)

ROOT = {
    "bind": "values of what templates leave open, for all targets",
    "target": "what one principal must be able to do",
    "waiver": "a gap that is accepted for a limited time",
}
"""The tables of the file, and what each is for."""
