"""Where everything is, and how one resource refers to another, in its own stack or in another one.

Stacks refer to each other's queues and functions by name, since outputs and parameters would close circles: services
send to each other both ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from purista_serverless.adapters.aws.constants import FIFO_SUFFIX
from purista_serverless.adapters.aws.plan.layout import ROOT
from purista_serverless.adapters.aws.plan.resources import Sub

BUS = "Bus"
LEDGER = "Ledger"
CLAIM_CHECK = "ClaimCheck"
SCHEDULES = "Schedules"
API = "Api"
AUTHORIZER = "ApiAuthorizer"

_ACCOUNT = "${AWS::Region}:${AWS::AccountId}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Ids, names and stacks of everything that is referred to.

    Attributes:
        function_ids: Ids of functions by name.
        edge_ids: What the ids of an edge's resources begin with, by the edge's name.
        function_names: Names in the account, without the prefix.
        queue_names: Names in the account by the name of the queue's edge, without the prefix.
        fifo: Edges whose queue keeps an order.
        stacks: Stack by name of a function or an edge.
        external: What the parameters begin with that locate a queue or a command of another system, by edge or address.
        alias: Name of the alias of all functions.
    """

    function_ids: Mapping[str, str]
    edge_ids: Mapping[str, str]
    function_names: Mapping[str, str]
    queue_names: Mapping[str, str]
    fifo: frozenset[str]
    stacks: Mapping[str, str]
    external: Mapping[str, str]
    alias: str

    def queue_id(self, edge: str) -> str:
        """Give the id of an edge's queue."""
        return f"{self.edge_ids[edge]}Queue"

    def queue_name(self, edge: str) -> str:
        """Give the name of a queue in the account, without the prefix."""
        return self.queue_names[edge] + (FIFO_SUFFIX if edge in self.fifo else "")

    def queue_url(self, edge: str, stack: str) -> str:
        """Give the URL of an edge's queue, as seen from a stack."""
        if edge in self.external:
            return f"${{{self.external[edge]}Url}}"
        if self.stacks[edge] == stack:
            return f"${{{self.queue_id(edge)}}}"
        return (
            f"https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/${{Prefix}}-{self.queue_name(edge)}"
        )

    def queue_arn(self, edge: str, stack: str) -> Sub:
        """Give the ARN of an edge's queue, as seen from a stack."""
        if edge in self.external:
            return Sub(f"${{{self.external[edge]}Arn}}")
        if self.stacks[edge] == stack:
            return Sub(f"${{{self.queue_id(edge)}.Arn}}")
        return Sub(f"arn:${{AWS::Partition}}:sqs:{_ACCOUNT}:${{Prefix}}-{self.queue_name(edge)}")

    def dead_letter_id(self, edge: str) -> str:
        """Give the id of an edge's dead-letter queue, which is always in the stack of its consumer."""
        return f"{self.edge_ids[edge]}DeadLetter"

    def command_arn(self, address: str) -> Sub:
        """Give the ARN of a command's alias; by name, because commands invoke each other both ways."""
        if address in self.external:
            return Sub(f"${{{self.external[address]}Arn}}")
        name = self.function_names[f"command:{address}"]
        return Sub(f"arn:${{AWS::Partition}}:lambda:{_ACCOUNT}:function:${{Prefix}}-{name}:{self.alias}")


def bus_arn(stack: str) -> Sub:
    """Give the ARN of the bus, as seen from a stack."""
    return _shared_arn(BUS, stack)


def ledger_arn(stack: str) -> Sub:
    """Give the ARN of the table of records, as seen from a stack."""
    return _shared_arn(LEDGER, stack)


def bucket_arn(prefix: str) -> Sub:
    """Give the ARN of the claim-check objects whose keys begin with a prefix."""
    return Sub(f"arn:${{AWS::Partition}}:s3:::${{{CLAIM_CHECK}}}/{prefix}/*")


def _shared_arn(id: str, stack: str) -> Sub:
    # Nested stacks are given it as a parameter.
    return Sub(f"${{{id}.Arn}}" if stack == ROOT else f"${{{id}Arn}}")
