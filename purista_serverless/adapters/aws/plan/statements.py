"""What a function may do, and the variables by which it finds what it may do it to: from its permissions alone."""

from collections.abc import Iterator, Mapping

from purista_serverless.adapters.aws import constants
from purista_serverless.adapters.aws.plan.places import (
    BUS,
    CLAIM_CHECK,
    LEDGER,
    Places,
    bucket_arn,
    bus_arn,
    ledger_arn,
)
from purista_serverless.adapters.aws.plan.resources import Statement, Sub, Text, compact
from purista_serverless.synth.rights import Rights

_CONSUME = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


def environment_of(rights: Rights, places: Places, stack: str) -> Iterator[tuple[str, Text]]:
    """Give the variables of a function, sorted by name; what it has no use for is absent."""
    if rights.claims is not None and (rights.emits or rights.sends or rights.consumes):
        yield constants.CLAIM_CHECK, Sub(f"${{{CLAIM_CHECK}}}")
    if rights.invokes:
        yield constants.COMMANDS, _object({address: places.command_arn(address) for address in rights.invokes})
    if rights.config:
        yield constants.CONFIG, _object({name: f"/${{Prefix}}/{name}" for name in rights.config})
    if rights.buries:
        urls = {edge: f"${{{places.dead_letter_id(edge)}}}" for edge in rights.buries}
        yield constants.DEAD_LETTERS, _object(urls)
    if rights.emits:
        yield constants.EVENT_BUS, Sub(f"${{{BUS}}}")
    if rights.records:
        yield constants.LEDGER, Sub(f"${{{LEDGER}}}")
    if queues := sorted({*rights.sends, *rights.consumes}):
        yield constants.QUEUES, _object({edge: places.queue_url(edge, stack) for edge in queues})
    if rights.secrets:
        yield constants.SECRETS, _object({name: f"${{Prefix}}/{name}" for name in rights.secrets})


def _object(members: Mapping[str, str]) -> Sub:
    return Sub(compact(members))


def statements_of(rights: Rights, places: Places, stack: str) -> Iterator[Statement]:
    """Give exactly the rights that the function's edges need."""
    yield from _sending(rights, places, stack)
    if rights.consumes:
        yield Statement(actions=_CONSUME, resources=tuple(places.queue_arn(edge, stack) for edge in rights.consumes))
    if rights.invokes:
        arns = tuple(places.command_arn(address) for address in rights.invokes)
        yield Statement(actions=("lambda:InvokeFunction",), resources=arns)
    if rights.records:
        yield Statement(
            actions=("dynamodb:GetItem", "dynamodb:PutItem"),
            resources=(ledger_arn(stack),),
            condition=("ForAllValues:StringEquals", "dynamodb:LeadingKeys", rights.records),
        )
    yield from _reading(rights)
    if rights.claims is not None:
        yield from _claiming(rights, rights.claims)


def _sending(rights: Rights, places: Places, stack: str) -> Iterator[Statement]:
    if rights.emits:
        yield Statement(
            actions=("events:PutEvents",),
            resources=(bus_arn(stack),),
            condition=("StringEquals", "events:detail-type", rights.emits),
        )
    queues = tuple(places.queue_arn(edge, stack) for edge in rights.sends)
    dead_letters = tuple(Sub(f"${{{places.dead_letter_id(edge)}.Arn}}") for edge in rights.buries)
    if queues or dead_letters:
        yield Statement(actions=("sqs:SendMessage",), resources=(*queues, *dead_letters))


def _reading(rights: Rights) -> Iterator[Statement]:
    account = "${AWS::Region}:${AWS::AccountId}"
    if rights.config:
        arns = (Sub(f"arn:${{AWS::Partition}}:ssm:{account}:parameter/${{Prefix}}/{name}") for name in rights.config)
        yield Statement(actions=("ssm:GetParameter",), resources=tuple(arns))
    if rights.secrets:
        # Secrets Manager ends each ARN with six characters of its own.
        arns = (
            Sub(f"arn:${{AWS::Partition}}:secretsmanager:{account}:secret:${{Prefix}}/{name}-??????")
            for name in rights.secrets
        )
        yield Statement(actions=("secretsmanager:GetSecretValue",), resources=tuple(arns))


def _claiming(rights: Rights, read: tuple[str, ...]) -> Iterator[Statement]:
    """Give the prefixes of the bucket: what it sends to write, what it is sent to read."""
    # Knocks are small.
    sends = (edge for edge in rights.sends if not edge.startswith(constants.GATE_EDGE))
    buries = (edge for edge in rights.buries if _may_be_large(edge, read))
    if written := sorted({*rights.emits, *sends, *buries}):
        yield Statement(actions=("s3:PutObject",), resources=tuple(bucket_arn(prefix) for prefix in written))
    if read:
        yield Statement(actions=("s3:GetObject",), resources=tuple(bucket_arn(prefix) for prefix in read))


def _may_be_large(edge: str, read: tuple[str, ...]) -> bool:
    """Say whether the letters of an edge can be too large for a queue: those of slots and of direct calls are not."""
    if edge.startswith(constants.CALL_EDGE):
        return edge in read
    return not edge.startswith(constants.SCHEDULE_EDGE)
