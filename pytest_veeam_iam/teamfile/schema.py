"""The JSON Schema of ``veeam-iam.toml``, for editors: made of the loader's own tables, and kept beside them as a file.

``python -m pytest_veeam_iam.teamfile.schema > pytest_veeam_iam/veeam-iam.schema.json`` writes it.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pytest_veeam_iam.teamfile import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam.teamfile.keys import Key

FILE = "veeam-iam.schema.json"


def schema() -> dict[str, object]:
    """Return the schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "veeam-iam.toml",
        "description": "What a team expects of its IAM policies for Veeam",
        "type": "object",
        "minProperties": 1,
        "properties": {
            "bind": {"description": keys.ROOT["bind"], **keys.BIND.schema},
            "target": {"description": keys.ROOT["target"], "type": "array", "items": _target()},
            "waiver": {"description": keys.ROOT["waiver"], "type": "array", "items": _waiver()},
        },
        "additionalProperties": False,
    }


def _target() -> dict[str, object]:
    return {
        **_table(keys.TARGET),
        "anyOf": [
            {"required": ["files"]},
            {"required": ["principal"], "properties": {"principal": {"not": {"pattern": "^arn:"}}}},
        ],
        "allOf": [_not_both("profile", "groups"), _not_both("form", "select")],
    }


def _waiver() -> dict[str, object]:
    return {**_table(keys.WAIVER), "oneOf": [{"required": ["permission"]}, {"required": ["finding"]}]}


def _not_both(*names: str) -> dict[str, object]:
    return {"not": {"required": list(names)}}


def _table(table: Sequence[Key]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {key.name: _key(key) for key in table},
        "required": [key.name for key in table if key.is_required],
        "additionalProperties": False,
    }


def _key(key: Key) -> dict[str, object]:
    found: dict[str, object] = {"description": key.help, **key.kind.schema}
    if key.name == "name":
        found["pattern"] = f"^{keys.NAME}$"
    return found | ({"enum": list(key.choices)} if key.choices else {})


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
