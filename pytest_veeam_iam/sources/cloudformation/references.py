"""What a name stands for in a template: a parameter, a pseudo parameter, a resource or one of its attributes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Template, Token
from pytest_veeam_iam.sources.cloudformation.stack import function_of, members
from pytest_veeam_iam.sources.cloudformation.texts import literal, made

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.cloudformation.stack import Resource, Stack
    from pytest_veeam_iam.sources.cloudformation.values import Values

BUCKET = "AWS::S3::Bucket"
_NAMES = {
    BUCKET: "BucketName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
}
"""The property that is the value of ``Ref``."""

_LISTS = ("CommaDelimitedList", "List<")
_STORED = "AWS::SSM::Parameter::Value<"  # such a default is the name of a parameter in the store, not its value


class References:
    """The names of a template.

    Args:
        stack: The template.
        values: What its values are.
    """

    def __init__(self, stack: Stack, values: Values) -> None:
        self._stack, self._values, self._bindings = stack, values, values.bindings
        self._names: dict[str, tuple[str | None, dict[str, None]]] = {}
        self._named_by = _buckets_named_by_parameters(stack)

    def unknown(self, expression: str, at: Node, symbol: str = "", *, is_arn: bool = False) -> Node:
        """Return what the user bound to an expression, else its token."""
        given = self._bindings.get(expression)
        return made(Template((Token(expression, at.location, symbol, is_arn),)) if given is None else given, at)

    def buckets(self) -> tuple[tuple[str, str | None], ...]:
        """Return the buckets that the template makes, each with its name, or None if that is unknown."""
        of_type = [resource for resource in self._stack.resources.values() if resource.type == BUCKET]
        return tuple((f"cfn:{each.name}", self._bindings.get(each.name) or self._known_name(each)) for each in of_type)

    def ref(self, name: str, at: Node) -> Node:
        """Return the value of ``{"Ref": name}`` at a place."""
        parameter, resource = self._stack.parameters.get(name), self._stack.resources.get(name)
        if parameter is not None:
            return self._parameter(name, parameter, at)
        if resource is not None and resource.type in _NAMES and self._bindings.get(name) is None:
            return self._name_of(resource, at)
        return self.unknown(name, at)

    def attribute(self, expression: str, at: Node) -> Node:
        """Return the attribute that ``A.b`` names: a bucket's ARN if its name is known, else a token."""
        name, _, attribute = expression.partition(".")
        resource = self._stack.resources.get(name)
        if resource is None or resource.type != BUCKET or attribute != "Arn":
            return self.unknown(expression, at)
        known = self._bindings.get(name) or self._known_name(resource)
        if known is None or expression in self._bindings.values:
            return self.unknown(expression, at, f"cfn:{name}", is_arn=True)
        partition = self._bindings.get("AWS::Partition") or "aws"
        return made(f"arn:{partition}:s3:::{known}", at)

    def _parameter(self, name: str, declared: Node, at: Node) -> Node:
        """Return what the user bound, else the declared default, else a token."""
        fields = members(declared)
        kind = str(fields["Type"].value) if "Type" in fields else "String"
        given = self._bindings.get(name)
        if given is None and self._bindings.assume_defaults and not kind.startswith(_STORED):
            given = self._default(name, fields.get("Default"))
        if given is None:
            bucket = self._named_by.get(name)
            return self.unknown(name, at, f"cfn:{bucket}" if bucket else "")
        if kind.startswith(_LISTS):
            return made([made(item.strip(), at) for item in given.split(",")], at)
        return made(given, at)

    def _default(self, name: str, default: Node | None) -> str | None:
        text = literal(default) if default is not None else None
        if default is not None and text is not None:
            place = default.location
            where = f" ({place.path}:{place.line})" if place.line else ""
            self._values.note([f'{name} is "{text[:200]}", its default{where}'])
        return text

    def _name_of(self, resource: Resource, at: Node) -> Node:
        """Return the name of a bucket, role, user or group."""
        name = self._known_name(resource)
        if name is not None:
            return made(name, at)
        return self.unknown(resource.name, at, f"cfn:{resource.name}" if resource.type == BUCKET else "")

    def _known_name(self, resource: Resource) -> str | None:
        """Return the name that a resource says it has, if that is known."""
        property_ = resource.properties.get(_NAMES[resource.type])
        if property_ is None:
            return None
        if resource.name not in self._names:
            self._names[resource.name] = None, {}  # for a name that refers to itself
            with self._values.noting() as assumed:
                name = self._text(property_)
            if name:
                self._names[resource.name] = name, assumed
        known, sentences = self._names[resource.name]
        self._values.note(sentences)
        return known

    def _text(self, node: Node) -> str | None:
        """Return a name; one that CloudFormation refuses is unknown, because it stands in no document."""
        try:
            text = self._values.text(node)
        except PolicyLoadError:
            return None
        return text if isinstance(text, str) else None


def _buckets_named_by_parameters(stack: Stack) -> dict[str, str]:
    """Return the bucket whose name a parameter is: an unknown value of it is that bucket's name, too."""
    found: dict[str, str] = {}
    for resource in stack.resources.values():
        property_ = resource.properties.get("BucketName") if resource.type == BUCKET else None
        call = function_of(property_) if property_ is not None else None
        if call is None or not isinstance(call[1].value, str):
            continue
        name = call[1].value.removeprefix("${").removesuffix("}") if call[0] == "Fn::Sub" else call[1].value
        if call[0] in ("Ref", "Fn::Sub") and name in stack.parameters:
            found.setdefault(name, resource.name)
    return found
