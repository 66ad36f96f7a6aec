"""The schema of the JSON report, made of the types in evidence.py: ``python -m tests.reports.schema`` writes it."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest_veeam_iam
from pytest_veeam_iam import evidence

FILE = Path(pytest_veeam_iam.__file__).parent / "report.schema.json"

_PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    object: {},
}


def text() -> str:
    """Return the file."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Return the schema of a run; keys that it does not know may be added within one schema number."""
    definitions: dict[str, Any] = {}
    run = _of(evidence.Run, definitions)
    run["properties"]["schema"] = {"const": evidence.SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The JSON report of pytest-veeam-iam",
        **run,
        "$defs": dict(sorted(definitions.items())),
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        "description": _description(kind),
        "type": "object",
        "required": [*hints],
        "properties": {name: _value(hint, definitions) for name, hint in hints.items()},
    }


def _description(kind: Any) -> str:
    """Return what the class says of itself, without the marks of code."""
    return " ".join(re.sub("``", "", kind.__doc__).split())


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_typeddict(hint):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _of(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": [*arguments]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_value(each, definitions) for each in arguments]}
    if origin is list:
        return {"type": "array", "items": _value(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(arguments[1], definitions)}
    return dict(_PLAIN[hint])


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
