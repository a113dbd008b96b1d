"""Grants as sets: what is wider than before, and what only looks different."""

import pytest

from purista_serverless.adapters.aws.compare.access import grants_of, widening
from purista_serverless.adapters.aws.compare.template import Resource


def policy(*statements, kind="AWS::IAM::Policy"):
    """Give a resource with those statements."""
    return Resource(
        file="template.yaml",
        id="P",
        type=kind,
        properties={"PolicyDocument": {"Statement": list(statements)}},
        kept_when_removed=False,
        kept_when_replaced=False,
    )


def statement(action="sqs:SendMessage", resource="arn:q", effect="Allow", **others):
    """Give a statement."""
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def keys(*names):
    """Give a condition that bounds the keys of a table."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(names)}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (statement(["a:X", "a:Y"]), statement(["a:Y", "a:X"])),
        (statement("a:*"), statement(["a:X", "a:Y"])),
        (statement("A:x"), statement("a:X")),
        (statement(resource="arn:q*"), statement(resource="arn:q1")),
        (statement(resource={"Fn::Sub": "${Q}/*"}), statement(resource={"Fn::Sub": "${Q}/*"})),
        (statement(resource={"Fn::GetAtt": ["Q", "Arn"]}), statement(resource={"Fn::GetAtt": ["Q", "Arn"]})),
        (statement(), statement(Condition=keys("queue:a"))),
        (statement(Condition=keys("queue:a", "queue:b")), statement(Condition=keys("queue:b"))),
        (statement(Condition=keys("queue:*")), statement(Condition=keys("queue:b"))),
        (statement(), statement(effect="Deny")),
        (statement(Principal="*"), statement(Principal={"Service": "events.amazonaws.com"})),
    ],
)
def test_not_wider(old, new):
    """The same in another order, a part of it, or the same with more conditions is not wider."""
    assert widening(grants_of(policy(old)), grants_of(policy(new))) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (statement("a:X"), statement("a:Y")),
        (statement("a:X"), statement("a:*")),
        (statement(resource="arn:q1"), statement(resource="arn:q2")),
        (statement(resource="arn:q1"), statement(resource="*")),
        (statement(Condition=keys("queue:a")), statement()),
        (statement(Condition=keys("queue:a")), statement(Condition=keys("queue:a", "queue:b"))),
        (
            statement(Condition={"StringNotEquals": {"aws:x": ["a", "b"]}}),
            statement(Condition={"StringNotEquals": {"aws:x": "a"}}),
        ),
        (statement(effect="Deny"), statement("other:Action", effect="Deny")),
        (statement(Principal={"Service": "events.amazonaws.com"}), statement(Principal="*")),
        (statement("a:X"), {"Effect": "Allow", "NotAction": "a:X", "Resource": "arn:q"}),
    ],
)
def test_wider(old, new):
    """Another action, resource or principal, fewer conditions, or a lifted prohibition is wider."""
    assert len(widening(grants_of(policy(old)), grants_of(policy(new)))) == 1


def resource(kind, **properties):
    """Give a resource of some type."""
    return Resource(
        file="f", id="R", type=kind, properties=properties, kept_when_removed=False, kept_when_replaced=False
    )


@pytest.mark.parametrize(
    "given",
    [
        resource("AWS::Lambda::Permission", Action="lambda:InvokeFunction", FunctionName="f", Principal="*"),
        resource("AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn="f"),
        resource("AWS::ApiGatewayV2::Route", RouteKey="GET /"),
        resource("AWS::Serverless::Function", Policies="AmazonSQSFullAccess"),
        resource("AWS::Serverless::Function", Policies=[{"SQSSendMessagePolicy": {"QueueName": "q"}}]),
        resource(
            "AWS::Serverless::Function",
            Events={"E": {"Type": "HttpApi", "Properties": {"Path": "/", "Auth": {"Authorizer": "NONE"}}}},
        ),
        resource("AWS::IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ],
    ids=lambda given: given.type,
)
def test_other_ways_to_allow_something(given):
    """Permissions, open addresses and managed policies count as grants, each told in words."""
    (grant,) = grants_of(given)

    assert " may " in f" {grant}"


@pytest.mark.parametrize(
    "given",
    [
        resource("AWS::Lambda::Url", AuthType="AWS_IAM", TargetFunctionArn="f"),
        resource("AWS::ApiGatewayV2::Route", RouteKey="GET /", AuthorizationType="JWT"),
    ],
    ids=lambda given: given.type,
)
def test_a_guarded_address_is_no_grant(given):
    """What an authoriser guards is open to nobody by itself."""
    assert grants_of(given) == frozenset()
