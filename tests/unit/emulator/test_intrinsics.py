"""Intrinsic functions give what CloudFormation gives."""

import pytest

from purista_serverless.adapters.aws.emulator.intrinsics import Resolver
from purista_serverless.errors import DeclarationError


class Resources:
    """Resources whose references tell what was asked."""

    def ref(self, logical_id):
        """Give what ``Ref`` gives."""
        if logical_id == "Absent":
            raise DeclarationError("no resource 'Absent'")
        return f"ref of {logical_id}"

    def attribute(self, logical_id, name):
        """Give what ``Fn::GetAtt`` gives."""
        return f"{name} of {logical_id}"


RESOLVER = Resolver(
    Resources(),
    values={"Stage": "test", "Zones": ["a", "b"], "AWS::Region": "eu-central-1", "Flag": True},
    conditions={
        "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
        "IsLive": {"Fn::Not": [{"Condition": "IsTest"}]},
        "Either": {"Fn::Or": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
        "Both": {"Fn::And": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
    },
    mappings={"Sizes": {"test": {"memory": 128}}},
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Queue"}, "ref of Queue"),
        ({"Ref": "Stage"}, "test"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Arn of Queue"),
        ({"Fn::GetAtt": "Nested.Outputs.Url"}, "Outputs.Url of Nested"),
        ({"Fn::Sub": "${AWS::Region}/${Queue}/${Queue.Arn}/${!Literal}"},
         "eu-central-1/ref of Queue/Arn of Queue/${Literal}"),
        ({"Fn::Sub": ["${Own}-${Stage}-${Flag}", {"Own": {"Ref": "Queue"}}]}, "ref of Queue-test-true"),
        ({"Fn::Join": [":", ["a", {"Ref": "Stage"}, {"Ref": "AWS::NoValue"}]]}, "a:test"),
        ({"Fn::Select": ["1", {"Ref": "Zones"}]}, "b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::If": ["IsTest", {"Ref": "Stage"}, "other"]}, "test"),
        ({"Fn::If": ["Both", "both", {"Fn::If": ["Either", "either", "none"]}]}, "either"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"kept": 1, "dropped": {"Fn::If": ["IsLive", 2, {"Ref": "AWS::NoValue"}]}}, {"kept": 1}),
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)  # fmt: skip
def test_a_function_is_replaced_by_its_value(value, expected):
    """Each function that templates use is resolved, wherever it stands."""
    assert RESOLVER.resolve({"at": [value]}) == {"at": [expected]}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"Fn::Cidr": ["10.0.0.0/16", 1, 8]}, "Fn::Cidr"),
        ({"Ref": "Absent"}, "Absent"),
        ({"Fn::If": ["NoSuch", 1, 2]}, "NoSuch"),
        ({"Fn::FindInMap": ["Sizes", "live", "memory"]}, "Sizes.live.memory"),
    ],
)
def test_what_cannot_be_resolved_is_named(value, named):
    """A function, a resource, a condition or a mapping that is not there is an error with its name."""
    with pytest.raises(DeclarationError, match=named):
        RESOLVER.resolve(value)
