"""Where the simulator is known to answer differently from AWS's documentation, and how to ask it so that it does not.

Every deviation is a function from a request to the same request in words that the simulator takes as AWS takes the
original, or to None where there are no such words; then the request cannot be compared. Only the simulator is asked in
other words, we never are, and nothing of it is to be copied.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.simulator.requests import Case

_COLONS = 5
"""Of a complete ARN."""

_NOTHING = "arn:aws:none:::none"
"""A pattern that no request is about."""

_NOBODY = "no value of any request"

_CAPITAL = re.compile("[A-Z]")


def in_its_words(case: Case) -> Case | None:
    """Return what the simulator has to be asked instead of what we are asked, None if it cannot be."""
    found: Case | None = case
    for deviation in KNOWN_DEVIATIONS:
        if found is not None:
            found = deviation(found)
    return found


# --- known before ---


def a_resource_that_is_no_arn(case: Case) -> Case | None:
    """It matches everything there; AWS refuses it, so that an Allow grants nothing and nobody can tell of a Deny."""
    refused = [each for each in _statements(case) if not all(map(_is_arn, _patterns(each)))]
    if any(each["Effect"] == "Deny" for each in refused):
        return None
    return _with_statements(case, lambda each, _: each | {"Action": "none:None"} if each in refused else each)


def variables_before_2012(case: Case) -> Case:
    """In a policy of Version 2008-10-17, or without one, ``${...}`` is literal text; no request holds such text."""

    def literally(text: str, document: Case) -> list[str]:
        return [text if document.get("Version") == "2012-10-17" else text.replace("${", "&{")]

    return _with_values(_with_patterns(case, literally), lambda _, __, value, document: literally(value, document))


def list_buckets_on_an_arn(case: Case) -> Case:
    """ListAllMyBuckets has a second name, ``arn:aws:s3:::*``; the simulator knows ``*`` only."""
    if case["action"].lower() != "s3:listallmybuckets":
        return case
    return _with_patterns(
        case, lambda text, _: ["*" if _matches(text, "arn:aws:s3:::*") else text], elements=("Resource",)
    )


def networks_of_everything(case: Case) -> Case:
    """Nothing is in 0.0.0.0/0 there."""
    halves = ["0.0.0.0/1", "128.0.0.0/1"]
    return _with_values(case, lambda _, __, value, ___: halves if value == "0.0.0.0/0" else [value])


def epoch_dates(case: Case) -> Case:
    """Seconds since 1970 are taken for milliseconds there."""

    def in_full(operator: str, value: str) -> str:
        if "Date" not in operator or not value.isdigit():
            return value
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return _with_values(case, lambda operator, _, value, __: [in_full(operator, value)])


def single_ipv6_hosts(case: Case) -> Case:
    """An IPv6 address without a prefix length is compared as text there."""
    return _with_values(case, lambda operator, _, value, __: [_as_network(operator, value, ":", 128)])


def stars_that_cross_colons(case: Case) -> Case | None:
    """It compares field by field, but a star that ends a field may match colons as well."""
    resource = case["resource"]
    patterns = [pattern for each in _statements(case) for pattern in _patterns(each)]
    crossed = (_matches(pattern, resource) != _matches_by_field(pattern, resource) for pattern in patterns)
    return None if any(crossed) else case


def line_feeds(case: Case) -> Case:
    """Its wildcards do not match a line feed, which an object's key may hold."""
    one_line = _with_patterns(case, lambda text, _: [text.replace("\n", "~")])
    return one_line | {"resource": case["resource"].replace("\n", "~")}


# --- found by this comparison, with AWS's documentation on the other side ---


def fields_in_capitals(case: Case) -> Case:
    """It ignores case in the first five fields of a Resource; no request has capitals there, so they match nothing.

    AWS: ARN operators, which compare the same fields, do "case-sensitive matching of the ARN".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """

    def with_case(pattern: str) -> str:
        *fields, name = pattern.split(":", _COLONS)
        return ":".join([*(_CAPITAL.sub("_", field) for field in fields), name])

    return _with_patterns(case, lambda pattern, _: [with_case(pattern)])


def variables_without_a_value_in_not_resource(case: Case) -> Case:
    """A NotResource with one takes in nothing there.

    AWS: such a resource "will not match any resource", so that NotResource takes in all.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """
    return _with_patterns(
        case, lambda text, _: [_NOTHING if _lacks_a_value(case, text) else text], elements=("NotResource",)
    )


def short_arns_in_not_resource(case: Case) -> Case:
    """A NotResource with one that does not match takes in nothing there.

    AWS "automatically completes the ARN by adding wildcard characters (*) to all missing fields".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    return _with_patterns(case, lambda text, _: [_with_all_fields(text)], elements=("NotResource",))


def negated_variables_without_a_value(case: Case) -> Case:
    """StringNotEquals and its like fail there; AWS: inverted operators "do match against a null value".

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """

    def null(operator: str, value: str) -> str:
        return _NOBODY if "Not" in operator and _lacks_a_value(case, value) else value

    return _with_values(case, lambda operator, _, value, __: [null(operator, value)])


def escaped_wildcards_in_equals(case: Case) -> Case:
    """``${*}`` is four characters there where the operator knows no wildcards.

    AWS: it "can be used in any string where you can use regular policy variables".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return _with_values(
        case, lambda operator, _, value, __: [value.replace("${*}", "*") if "Equals" in operator else value]
    )


def single_ipv4_hosts(case: Case) -> Case:
    """NotIpAddress of one IPv4 host is false there for a caller with an IPv6 address.

    AWS: "All IP addresses except the specified IP address or range".
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return _with_values(case, lambda operator, _, value, __: [_as_network(operator, value, ".", 32)])


def sets_of_an_empty_value(case: Case) -> Case | None:
    """A key that is the empty text is a set of one value there; AWS: "a null dataset, such as an empty string".

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    found = any(operator.startswith("For") and _value(case, key) == "" for operator, key in _conditions(case))
    return None if found else case


# --- found by this comparison, and left open by AWS's documentation ---


def any_value_if_exists(case: Case) -> Case | None:
    """ForAnyValue:...IfExists is false there for a key that is absent.

    AWS says of IfExists "If the key is not present, evaluate the condition element as true", of ForAnyValue that it is
    false then, and nothing of both together.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    both = (key for operator, key in _conditions(case) if "ForAnyValue:" in operator and "IfExists" in operator)
    return None if any(_value(case, key) is None for key in both) else case


def short_arns_in_an_scp(case: Case) -> Case | None:
    """One that does not end in a star matches nothing there; AWS says of identity policies only that it is completed.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    limits = case | {"policies": [], "boundary": None}
    patterns = (pattern for each in _statements(limits) for pattern in _patterns(each))
    unlike = (_completed(pattern) != pattern and _matches(pattern, case["resource"]) for pattern in patterns)
    return None if any(unlike) else case


def wildcards_in_the_resource_type(case: Case) -> Case | None:
    """Such a wildcard is literal text there; AWS: it is "not valid".

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    patterns = (pattern for each in _statements(case) for pattern in _patterns(each))
    names = (pattern.split(":", _COLONS) for pattern in patterns)
    found = any(
        len(fields) > _COLONS and fields[2] != "s3" and re.match(r"[^/:]*[*?$][^/:]*[/:]", fields[_COLONS])
        for fields in names
    )
    return None if found else case


KNOWN_DEVIATIONS = (
    a_resource_that_is_no_arn,
    variables_before_2012,
    list_buckets_on_an_arn,
    networks_of_everything,
    epoch_dates,
    single_ipv6_hosts,
    stars_that_cross_colons,
    line_feeds,
    fields_in_capitals,
    variables_without_a_value_in_not_resource,
    short_arns_in_not_resource,
    negated_variables_without_a_value,
    escaped_wildcards_in_equals,
    single_ipv4_hosts,
    sets_of_an_empty_value,
    any_value_if_exists,
    short_arns_in_an_scp,
    wildcards_in_the_resource_type,
)


# --- reading a request, and saying it in other words ---


def _statements(case: Case) -> Iterator[Case]:
    boundary = [case["boundary"]] if case["boundary"] else []
    for document in [*case["policies"], *boundary, *(document for level in case["levels"] for document in level)]:
        yield from document["Statement"]


def _with_statements(case: Case, change: Callable[[Case, Case], Case]) -> Case:
    """Return a case with every statement changed; the function takes it and its document."""

    def changed(document: Case) -> Case:
        return document | {"Statement": [change(each, document) for each in document["Statement"]]}

    return case | {
        "policies": [changed(document) for document in case["policies"]],
        "boundary": changed(case["boundary"]) if case["boundary"] else None,
        "levels": [[changed(document) for document in level] for level in case["levels"]],
    }


def _with_patterns(
    case: Case, change: Callable[[str, Case], list[str]], elements: Sequence[str] = ("Resource", "NotResource")
) -> Case:
    """Return a case with every pattern of these elements changed; the function takes it and its document."""

    def changed(statement: Case, document: Case) -> Case:
        found = {
            element: [new for text in _listed(statement[element]) for new in change(text, document)]
            for element in elements
            if element in statement
        }
        return statement | found

    return _with_statements(case, changed)


def _with_values(case: Case, change: Callable[[str, str, str, Case], list[str]]) -> Case:
    """Return a case with every value of a condition changed; the function takes operator, key, value and document."""

    def changed(statement: Case, document: Case) -> Case:
        if "Condition" not in statement:
            return statement
        condition = {
            operator: {
                key: [new for value in _listed(values) for new in change(operator, key, value, document)]
                for key, values in keys.items()
            }
            for operator, keys in statement["Condition"].items()
        }
        return statement | {"Condition": condition}

    return _with_statements(case, changed)


def _conditions(case: Case) -> Iterator[tuple[str, str]]:
    """Yield every operator with every key that it is asked of."""
    for statement in _statements(case):
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                yield operator, key


def _patterns(statement: Case) -> list[str]:
    return _listed(statement.get("Resource", statement.get("NotResource")))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _value(case: Case, key: str) -> Any:
    """Return the value of a key in the request, None if it is not there."""
    return next((value for name, value in case["context"].items() if name.lower() == key.lower()), None)


def _lacks_a_value(case: Case, text: str) -> bool:
    """Return whether a variable stands in a text that has neither a value nor a default."""
    return any(name not in "*?$" and not _value(case, name) for name in re.findall(r"\$\{([^,}]+)\}", text))


def _as_network(operator: str, value: str, mark: str, length: int) -> str:
    return f"{value}/{length}" if "IpAddress" in operator and mark in value and "/" not in value else value


def _is_arn(pattern: str) -> bool:
    return pattern == "*" or pattern.startswith("arn:")


def _completed(pattern: str) -> str:
    """Return an ARN with its missing fields; one that ends in a star needs none."""
    return pattern if pattern.endswith("*") else _with_all_fields(pattern)


def _with_all_fields(pattern: str) -> str:
    """Return an ARN with its missing fields, even if its last star would match them as well."""
    return pattern if pattern == "*" else pattern + ":*" * (_COLONS - pattern.count(":"))


def _matches(pattern: str, text: str) -> bool:
    """Return whether a pattern matches, its stars crossing colons."""
    return _like(_completed(pattern), text)


def _matches_by_field(pattern: str, text: str) -> bool:
    fields, parts = pattern.split(":", _COLONS), text.split(":", _COLONS)
    fields += ["*"] * (len(parts) - len(fields))
    return len(fields) == len(parts) and all(map(_like, fields, parts))


def _like(pattern: str, text: str) -> bool:
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(token, re.escape(token)) for token in re.split(r"([*?])", pattern))
    return re.fullmatch(expression, text, re.DOTALL) is not None
