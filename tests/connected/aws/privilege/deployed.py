"""What a deployed template grants, to whom, and what AWS itself does in the name of its roles."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT
from purista_serverless.adapters.aws.emulator.intrinsics import Resolver
from purista_serverless.adapters.aws.emulator.stack import Stack
from purista_serverless.adapters.aws.emulator.template import Template
from tests.connected.aws.privilege.policies import Call, Grant, grants_of
from tests.connected.aws.privilege.requests import Need

REGION = "eu-central-1"

# What holds grants; a template with another one is an error.
_POLICIES = frozenset({"AWS::IAM::Role", "AWS::SQS::QueuePolicy"})
_GRANTING = frozenset({"ManagedPolicyArns", "Policies", "Policy", "PolicyDocument", "ResourcePolicy"})

# What Lambda needs to poll a queue for a function (AWS Lambda Developer Guide, using Lambda with Amazon SQS).
_POLLING = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
# What it needs to keep what a function prints (AWS Lambda Developer Guide, execution role).
_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen to happen.

    Attributes:
        received: ARNs of the queues from which messages were received.
        fired: ARNs of the queues and buses that schedules sent to.
        routes: Keys of the routes that were called: ``POST /orders``.
    """

    received: frozenset[str]
    fired: frozenset[str]
    routes: frozenset[str]


class Deployed:
    """A template as the emulator deployed it.

    Args:
        template: The template, translated.
        parameters: Values of its parameters that differ from their defaults.
        stack: What was made of it.
    """

    def __init__(self, template: Template, parameters: Mapping[str, str], stack: Stack) -> None:
        defaults = {name: declared.get("Default") for name, declared in template.section("Parameters").items()}
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackId": stack.ids[0],
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        resolver = Resolver(
            stack,
            values={**pseudo, **defaults, **parameters},
            conditions=template.section("Conditions"),
            mappings=template.section("Mappings"),
        )
        self._stack = stack
        self._resources: dict[str, tuple[str, Mapping[str, Any]]] = {
            id: (declared["Type"], resolver.resolve(declared.get("Properties", {})))
            for id, declared in template.section("Resources").items()
        }
        self._roles = {self._arn(id): id for id, _ in self._of("AWS::IAM::Role")}
        self._functions = {made["FunctionName"]: (id, made) for id, made in self._of("AWS::Lambda::Function")}

    def grants(self) -> frozenset[Grant]:
        """Give all that the template allows.

        Raises:
            AssertionError: It allows something in a way of which nothing is known.
        """
        return frozenset(self._grants())

    def calls(self, needs: Iterable[tuple[str, Need]], seen: Seen) -> frozenset[Call]:
        """Give what was asked for in the name of each role and service.

        Args:
            needs: What functions asked for, by their names.
            seen: What else was seen to happen.
        """
        asked = frozenset(needs)
        own = {Call(who=self._role_of(name), action=need[0], resource=need[1], context=need[2]) for name, need in asked}
        polled = {self._name(made["FunctionName"]) for made in self._mappings(seen)}
        called = {self._name(uri) for _, uri in self._routes(seen)}
        invoked = {self._name(call.resource) for call in own if call.action == "lambda:InvokeFunction"}
        ran = {name for name, _ in asked} | polled | called | invoked
        others = (self._started(ran), self._polled(seen), self._sent_by_rules(seen), self._fired(seen))
        return frozenset({*own, *(call for calls in others for call in calls), *self._called(seen)})

    def roles(self) -> Mapping[str, str]:
        """Give the names of the roles in the account, by their logical ids."""
        return {id: str(self._stack.ref(id)) for id in self._roles.values()}

    def queues(self) -> tuple[str, ...]:
        """Give the ARNs of all queues."""
        return tuple(self._arn(id) for id, _ in self._of("AWS::SQS::Queue"))

    def _of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((id, made) for id, (found, made) in self._resources.items() if found == kind)

    def _arn(self, id: str) -> str:
        return str(self._stack.attribute(id, "Arn"))

    def _name(self, function: str) -> str:
        """Give the name of a function, from its name or from an ARN of it or of its alias."""
        return function.split(":")[6] if function.startswith("arn:") else function

    def _role_of(self, function: str) -> str:
        return self._roles[self._functions[function][1]["Role"]]

    def _grants(self) -> Iterator[Grant]:
        for id, (kind, made) in self._resources.items():
            assert kind in _POLICIES or not _GRANTING & made.keys(), f"{id} ({kind}) grants in a way not known here"
            match kind:
                case "AWS::IAM::Role":
                    assert "ManagedPolicyArns" not in made, id
                    yield from grants_of(made["AssumeRolePolicyDocument"], resource=self._arn(id))
                    for policy in made["Policies"]:
                        yield from grants_of(policy["PolicyDocument"], who=id)
                case "AWS::SQS::QueuePolicy":
                    yield from grants_of(made["PolicyDocument"])
                case "AWS::Lambda::Permission":
                    bound = ("ArnLike", "aws:SourceArn", made["SourceArn"])
                    arn = made["FunctionName"]
                    yield Grant(who=made["Principal"], action=made["Action"], resource=arn, conditions=(bound,))
                case _:
                    pass

    def _started(self, names: Iterable[str]) -> Iterator[Call]:
        """Give what Lambda does to run functions."""
        for name in names:
            _, made = self._functions[name]
            yield Call(who="lambda.amazonaws.com", action="sts:AssumeRole", resource=made["Role"])
            group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{made['LoggingConfig']['LogGroup']}:log-stream:live"
            yield from (Call(who=self._role_of(name), action=action, resource=group) for action in _LOGGING)

    def _mappings(self, seen: Seen) -> Iterator[Mapping[str, Any]]:
        found = (made for _, made in self._of("AWS::Lambda::EventSourceMapping"))
        return (made for made in found if made["EventSourceArn"] in seen.received)

    def _polled(self, seen: Seen) -> Iterator[Call]:
        for made in self._mappings(seen):
            role = self._role_of(self._name(made["FunctionName"]))
            yield from (Call(who=role, action=action, resource=made["EventSourceArn"]) for action in _POLLING)

    def _sent_by_rules(self, seen: Seen) -> Iterator[Call]:
        """Give what rules send; to the dead letters goes what a queue refused, which moto's queues never do."""
        for id, made in self._of("AWS::Events::Rule"):
            for target in made["Targets"]:
                if target["Arn"] in seen.received:
                    rule = (("aws:SourceArn", self._arn(id)),)
                    for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
                        yield Call(who="events.amazonaws.com", action="sqs:SendMessage", resource=arn, context=rule)

    def _fired(self, seen: Seen) -> Iterator[Call]:
        """Give what schedules send; to the dead letters goes what the target refused."""
        for _, made in self._of("AWS::Scheduler::Schedule"):
            target = made["Target"]
            if target["Arn"] not in seen.fired:
                continue
            role, account = target["RoleArn"], (("aws:SourceAccount", ACCOUNT),)
            yield Call(who="scheduler.amazonaws.com", action="sts:AssumeRole", resource=role, context=account)
            yield self._delivered(self._roles[role], target)
            buried = target["DeadLetterConfig"]["Arn"]
            yield Call(who=self._roles[role], action="sqs:SendMessage", resource=buried)

    def _delivered(self, role: str, target: Mapping[str, Any]) -> Call:
        event = target.get("EventBridgeParameters")
        if event is None:
            return Call(who=role, action="sqs:SendMessage", resource=target["Arn"])
        context = (("events:detail-type", event["DetailType"]), ("events:source", event["Source"]))
        return Call(who=role, action="events:PutEvents", resource=target["Arn"], context=context)

    def _routes(self, seen: Seen) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Give the routes that were called, each with the function that answers."""
        integrations = {self._stack.ref(id): made for id, made in self._of("AWS::ApiGatewayV2::Integration")}
        for _, made in self._of("AWS::ApiGatewayV2::Route"):
            if made["RouteKey"] in seen.routes:
                yield made, integrations[made["Target"].removeprefix("integrations/")]["IntegrationUri"]

    def _called(self, seen: Seen) -> Iterator[Call]:
        for made, function in self._routes(seen):
            method, _, path = made["RouteKey"].partition(" ")
            # A part of the path that varies is a star in the ARN (API Gateway Developer Guide, execute-api ARNs).
            place = "/".join("*" if part.startswith("{") else part for part in path.split("/"))
            source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{made['ApiId']}/$default/{method}{place}"
            context = (("aws:SourceArn", source),)
            who = "apigateway.amazonaws.com"
            yield Call(who=who, action="lambda:InvokeFunction", resource=function, context=context)
