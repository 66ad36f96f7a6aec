"""The JSON Schema that editors complete by says of every file what the loader says of its form."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import pytest_veeam_iam
from pytest_veeam_iam.errors import TeamFileError
from pytest_veeam_iam.teamfile import keys, loading, schema

FILE = Path(pytest_veeam_iam.__file__).parent / schema.FILE
TARGET = '[[target]]\nname = "prod"\nfiles = "policy.json"\n'
WAIVER = (
    '[[waiver]]\ntarget = "prod"\npermission = "s3:RestoreObject"\n'
    'reason = "r"\naccepted_by = "a"\nexpires = 2027-01-31\n'
)

RIGHT = {
    "a target": TARGET,
    "a list of files": TARGET.replace('"policy.json"', '["a.json", "b/*.tf"]'),
    "a principal": '[[target]]\nname = "prod"\nprincipal = "VeeamRole"\n',
    "an ARN beside files": TARGET + 'principal = "arn:aws:iam::111122223333:user/veeam"\n',
    "groups": TARGET + 'groups = ["object"]\n',
    "context": TARGET
    + 'context = { "aws:SourceIp" = ["10.1.2.3"], "aws:ViaAWSService" = false, x = { absent = true } }\n',
    "levels": TARGET + 'service_control_policies = ["a.json", ["b.json", "c.json"]]\n',
    "flags": TARGET + "each = true\nlist_buckets_on_s3_arn = false\n",
    "missing": TARGET + 'when_missing = "skip"\n',
    "bind": '[bind]\n"var.bucket" = "a"\nvar.count = 3\n' + TARGET + 'bind = { "var.x" = true }\n',
    "waiver": TARGET + WAIVER,
    "a date in quotes": TARGET + WAIVER.replace("2027-01-31", '"2027-01-31"'),
    "a finding": TARGET + WAIVER.replace("permission", "finding"),
}
WRONG = {
    "nothing": "# nothing\n",
    "table": TARGET + "[targets]\n",
    "no list": '[target]\nname = "a"\nfiles = "b"\n',
    "no name": '[[target]]\nfiles = "b"\n',
    "odd name": TARGET.replace("prod", "a b"),
    "no policies": '[[target]]\nname = "a"\n',
    "an ARN alone": '[[target]]\nname = "a"\nprincipal = "arn:aws:iam::111122223333:user/veeam"\n',
    "key": TARGET + 'buckets = "a"\n',
    "empty": TARGET + 'bucket = ""\n',
    "empty list": TARGET + "bucket = []\n",
    "number": TARGET + "account = 111122223333\n",
    "flag": TARGET + 'each = "yes"\n',
    "choice": TARGET + 'when_missing = "never"\n',
    "levels": TARGET + 'service_control_policies = "a.json"\n',
    "empty level": TARGET + "service_control_policies = [[]]\n",
    "context": TARGET + "context = { a = { absent = false } }\n",
    "both": TARGET + 'profile = "a"\ngroups = "b"\n',
    "both forms": TARGET + 'form = "a"\nselect = "b"\n',
    "waiver of nothing": TARGET + WAIVER.replace("permission", "# "),
    "waiver of both": TARGET + WAIVER + 'finding = "a"\n',
    "no reason": TARGET + WAIVER.replace("reason", "# "),
    "no end": TARGET + WAIVER.replace("expires", "# "),
    "time": TARGET + WAIVER.replace("2027-01-31", "2027-01-31T00:00:00"),
    "bind": "bind = [1]\n" + TARGET,
}


def fits(value: Any, wanted: Any) -> bool:
    """Return whether a value is as a schema has it: the part of JSON Schema that ours uses."""
    return all(_RULES[rule](value, demand, wanted) for rule, demand in wanted.items() if rule in _RULES)


def _type(value: Any, demand: Any, _: Any) -> bool:
    types = {"string": str, "number": int | float, "boolean": bool, "object": dict, "array": list}
    names = [demand] if isinstance(demand, str) else demand
    return any(isinstance(value, types[name]) and (name != "number" or type(value) is not bool) for name in names)


def _more(value: Any, demand: Any, wanted: Any) -> bool:
    others = [each for key, each in value.items() if key not in wanted.get("properties", {})]
    return not others if demand is False else all(fits(each, demand) for each in others)


_RULES: dict[str, Any] = {
    "type": _type,
    "properties": lambda value, demand, _: all(fits(value[key], each) for key, each in demand.items() if key in value),
    "additionalProperties": _more,
    "required": lambda value, demand, _: all(key in value for key in demand),
    "minProperties": lambda value, demand, _: len(value) >= demand,
    "minItems": lambda value, demand, _: len(value) >= demand,
    "items": lambda value, demand, _: not isinstance(value, list) or all(fits(each, demand) for each in value),
    "pattern": lambda value, demand, _: not isinstance(value, str) or re.search(demand, value) is not None,
    "format": lambda value, demand, _: demand != "date" or re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None,
    "enum": lambda value, demand, _: value in demand,
    "const": lambda value, demand, _: value == demand,
    "anyOf": lambda value, demand, _: any(fits(value, each) for each in demand),
    "oneOf": lambda value, demand, _: sum(fits(value, each) for each in demand) == 1,
    "allOf": lambda value, demand, _: all(fits(value, each) for each in demand),
    "not": lambda value, demand, _: not fits(value, demand),
}


def as_json(value: Any) -> Any:
    """Return TOML's values as editors hand them to a schema: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def is_loaded(text: str, folder: Path) -> bool:
    path = folder / "veeam-iam.toml"
    path.write_text(text, "utf-8")
    try:
        loading.load(path, path.name)
    except TeamFileError:
        return False
    return True


def test_the_file_is_what_the_tables_of_the_loader_say() -> None:
    assert FILE.read_text("utf-8") == schema.text(), "python -m pytest_veeam_iam.teamfile.schema writes it anew"


@pytest.mark.parametrize("name", RIGHT)
def test_schema_and_loader_take_it(name: str, tmp_path: Path) -> None:
    assert is_loaded(RIGHT[name], tmp_path)
    assert fits(as_json(tomllib.loads(RIGHT[name])), json.loads(FILE.read_text("utf-8")))


@pytest.mark.parametrize("name", WRONG)
def test_schema_and_loader_refuse_it(name: str, tmp_path: Path) -> None:
    assert not is_loaded(WRONG[name], tmp_path)
    assert not fits(as_json(tomllib.loads(WRONG[name])), json.loads(FILE.read_text("utf-8")))


def test_every_key_has_a_line_about_it() -> None:
    for table in (keys.TARGET, keys.WAIVER):
        assert len({key.name for key in table}) == len(table)
        assert all((key.help and not key.help.endswith(".")) or key.help.endswith("...") for key in table)
