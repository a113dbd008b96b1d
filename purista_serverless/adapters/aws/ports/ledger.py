"""Records in DynamoDB: conditional writes, each of them one request."""

import json
from os import urandom
from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.aws.constants import (
    EMPTY_SORT_KEY,
    EXPIRES,
    FIELDS,
    LEDGER,
    PARTITION_KEY,
    SORT_KEY,
    VERSION,
)
from purista_serverless.adapters.aws.ports.failures import call, code_of
from purista_serverless.errors import TooLarge
from purista_serverless.runtime.deployed import Use
from purista_serverless.runtime.ports import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from purista_serverless.adapters.aws.ports.deployment import Deployment

    Item = Mapping[str, Mapping[str, str]]

_FIX = "declare tracking or idempotency on the queue"
_READ = Use("dynamodb:GetItem", _FIX)
_WRITE = Use("dynamodb:PutItem", _FIX)
_QUERY = Use("dynamodb:Query", "give it to who runs the tool")
_SCAN = Use("dynamodb:Scan", "give it to who runs the tool")

# Of an item with its attributes' names (Amazon DynamoDB, constraints); what is not ``fields`` stays below 8 KB.
_MAX_FIELDS = 409_600 - 8_192

_CONFLICT = "ConditionalCheckFailedException"

# Names the write that made an item. A write whose answer got lost is sent again by botocore and then meets itself.
_WRITER = "writer"

# An item past its expiry does not exist, whether or not DynamoDB has removed it: that may take days.
_ABSENT = {
    "ConditionExpression": "attribute_not_exists(#pk) OR #expires <= :now",
    "ExpressionAttributeNames": {"#pk": PARTITION_KEY, "#expires": EXPIRES},
}
_UNCHANGED = {
    "ConditionExpression": "#version = :expected AND (attribute_not_exists(#expires) OR #expires > :now)",
    "ExpressionAttributeNames": {"#version": VERSION, "#expires": EXPIRES},
}


class DynamoLedger:
    """A ``LedgerStore`` in the table of the deployment.

    The part of a key up to its first slash, an edge's name, is the partition key, so that permissions can be bounded by
    it; every key of the kit has one. Expiries are kept in whole seconds, rounded up.

    Args:
        deployment: Where the table is.
    """

    __slots__ = ("_deployment",)

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment

    def read(self, key: str) -> Stored | None:
        """Give the record as of the latest write, or ``None``.

        Raises:
            Unavailable: The table could not be reached.
            UndeclaredUse: The function may not read the records of that edge.
        """
        answer = self._call("get_item", _READ, key, Key=_key_of(key), ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return _stored(item) if item is not None and not _is_expired(item, self._now()) else None

    def write(self, key: str, fields: "Mapping[str, Any]", *, expected: int, expires: int | None = None) -> bool:
        """Write if the record's version is ``expected``; say whether it was written.

        Raises:
            TooLarge: The fields are more than an item holds.
            Unavailable: The table could not be reached; it may have been written.
            UndeclaredUse: The function may not write the records of that edge.
        """
        item = _item_of(key, fields, expected + 1, expires)
        values = {":now": {"N": str(self._now())}}
        if expected:
            values[":expected"] = {"N": str(expected)}
        answer = self._call(
            "put_item",
            _WRITE,
            key,
            expected=(_CONFLICT,),
            Item=item,
            ExpressionAttributeValues=values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **(_UNCHANGED if expected else _ABSENT),
        )
        return not code_of(answer) or answer.get("Item", {}).get(_WRITER) == item[_WRITER]

    def scan(self, prefix: str) -> "Iterator[tuple[str, Stored]]":
        """Give all records whose key starts with ``prefix``, in the order of their keys; for tools only.

        Below an edge this is a query. A prefix without a slash reads the whole table.
        """
        items = self._below(prefix) if "/" in prefix else self._everywhere(prefix)
        now = self._now()
        return ((_text_of(item), _stored(item)) for item in items if not _is_expired(item, now))

    def _below(self, prefix: str) -> "Iterator[Item]":
        partition, _, rest = prefix.partition("/")
        condition, names, values = "#pk = :pk", {"#pk": PARTITION_KEY}, {":pk": {"S": partition}}
        if rest:
            condition += " AND begins_with(#sk, :rest)"
            names["#sk"], values[":rest"] = SORT_KEY, {"S": rest}
        return self._pages(
            "query",
            _QUERY,
            prefix,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _everywhere(self, prefix: str) -> "Iterator[Item]":
        found = (item for item in self._pages("scan", _SCAN, prefix) if _text_of(item).startswith(prefix))
        return iter(sorted(found, key=_text_of))

    def _pages(self, method: str, use: Use, target: str, **parameters: Any) -> "Iterator[Item]":
        while True:
            page = self._call(method, use, target, ConsistentRead=True, **parameters)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _call(self, method: str, use: Use, target: str, **parameters: Any) -> Any:
        table = self._deployment.name(LEDGER, use, target)
        operation: Callable[..., Any] = getattr(self._deployment.client("dynamodb"), method)
        return call(operation, use, target, TableName=table, **parameters)

    def _now(self) -> int:
        return self._deployment.clock.now() // 1000


def _key_of(key: str) -> dict[str, dict[str, str]]:
    partition, _, rest = key.partition("/")
    return {PARTITION_KEY: {"S": partition}, SORT_KEY: {"S": rest or EMPTY_SORT_KEY}}


def _text_of(item: "Item") -> str:
    partition, rest = item[PARTITION_KEY]["S"], item[SORT_KEY]["S"]
    return partition if rest == EMPTY_SORT_KEY else f"{partition}/{rest}"


def _item_of(key: str, fields: "Mapping[str, Any]", version: int, expires: int | None) -> dict[str, dict[str, str]]:
    # ASCII only: escapes hold what UTF-8 cannot, such as half of a surrogate pair in the text of an error.
    text = json.dumps(fields, separators=(",", ":"))
    if len(text) > _MAX_FIELDS:
        raise TooLarge(f"the record {key!r}", len(text), _MAX_FIELDS, "keep results and progress small, or elsewhere")
    item = {**_key_of(key), VERSION: {"N": str(version)}, FIELDS: {"S": text}, _WRITER: {"S": urandom(12).hex()}}
    if expires is not None:
        item[EXPIRES] = {"N": str(-(-expires // 1000))}
    return item


def _is_expired(item: "Item", now: int) -> bool:
    return EXPIRES in item and int(item[EXPIRES]["N"]) <= now


def _stored(item: "Item") -> Stored:
    return Stored(int(item[VERSION]["N"]), json.loads(item[FIELDS]["S"]))
