"""Facts of a deployment to Google Cloud read back from its Terraform."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from purista_serverless.testing.contracts.deployment import Deployment

_REFERENCE = re.compile(r"\$\{google_\w+\.(\w+)\.\w+\}")
_DECODED = re.compile(r"\$\{jsonencode\(var\.[\w-]+\)\}")


def read(files: Mapping[str, str]) -> Deployment:
    """Read names, triggers, permissions and dead letters."""
    found = _Found(files)
    return Deployment(
        names=tuple(found.names()),
        triggers={name: tuple(found.triggers(name)) for name in found.functions},
        permissions={name: frozenset(found.permissions(name)) for name in found.functions},
        dead_letters=dict(found.dead_letters()),
    )


class _Found:
    """What several questions need, looked up once."""

    def __init__(self, files: Mapping[str, str]) -> None:
        document = json.loads(files["infra/gcp/main.tf.json"])
        self.files = files
        self.prefix = document["variable"]["prefix"]["default"]
        self.resources: Mapping[str, Mapping[str, Any]] = document["resource"]
        self.functions = {found["description"]: (id, found) for id, found in self.of("google_cloudfunctions2_function")}
        self.subscriptions = list(self.of("google_pubsub_subscription"))

    def of(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Give ids and arguments of the resources of a type."""
        yield from self.resources.get(kind, {}).items()

    def names(self) -> Iterator[tuple[str, str]]:
        """Give names with the default of the prefix."""
        kinds = {
            "google_cloudfunctions2_function": "command",
            "google_pubsub_topic": "queue",
            "google_pubsub_subscription": "event",
            "google_cloud_scheduler_job": "schedule",
        }
        for kind, edge in kinds.items():
            for _id, found in self.of(kind):
                yield edge, found["name"].replace("${var.prefix}", self.prefix)

    def dead_letters(self) -> Iterator[tuple[str, float]]:
        """Give the retention of dead letters by edge, told from what functions are told."""
        kept = {
            referred(found["topic"]): float(found["message_retention_duration"].removesuffix("s"))
            for _id, found in self.subscriptions
        }
        topics = {found["name"]: id for id, found in self.of("google_pubsub_topic")}
        for name in self.functions:
            for edge, path in self.table(name, "PURISTA_DEAD_LETTERS").items():
                yield edge, kept[topics[path.rpartition("/")[2]]]

    def table(self, function: str, variable: str) -> dict[str, str]:
        """Give a variable of a function that holds a table."""
        text = self.functions[function][1]["service_config"]["environment_variables"].get(variable, "{}")
        found: dict[str, str] = json.loads(_DECODED.sub('"set"', text))
        return found

    def triggers(self, name: str) -> Iterator[str]:
        """Give what starts a function: what is pushed to it, and the requests that its entry module answers."""
        place = f"https://{self.functions[name][1]['name']}-${{data."
        for _id, found in self.subscriptions:
            endpoint = found.get("push_config", {}).get("push_endpoint", "")
            # What comes again does so by a topic of the edge's own.
            if endpoint.startswith(place) and not referred(found["topic"]).startswith("again_"):
                yield unquote(endpoint.rpartition("/")[2])
        path = self.functions[name][1]["build_config"]["environment_variables"]["GOOGLE_FUNCTION_SOURCE"]
        texts = (node.value for node in ast.walk(ast.parse(self.files[path])) if isinstance(node, ast.Constant))
        yield from {text for text in texts if isinstance(text, str) and text.startswith(("http:", "command:"))}

    def permissions(self, name: str) -> Iterator[str]:
        """Give what a function's account is granted, in the words of the topology."""
        account = referred(self.functions[name][1]["service_config"]["service_account_email"])
        keys = self._keys(name)
        own = {unquote(trigger) for trigger in self.triggers(name)}
        granted: defaultdict[str, set[str]] = defaultdict(set)
        for _kind, found in self._grants(account):
            granted[found["role"]].add(next(iter(map(referred, self._on(found))), "project"))
        yield from (f"read-config {setting}" for setting in self.table(name, "PURISTA_CONFIG"))
        yield from (f"invoke {address}" for address in self._invoked(name, granted.pop("roles/run.invoker", set())))
        for topic in granted.pop("roles/pubsub.publisher", set()):
            yield from self._publishing(topic, keys, own)
        for secret in granted.pop("roles/secretmanager.secretAccessor", set()):
            yield f"read-secret {self.resources['google_secret_manager_secret'][secret]['secret_id'].partition('-')[2]}"
        if granted.pop("roles/datastore.user", None):
            yield "use-ledger"
        delaying = (granted.pop("roles/cloudtasks.enqueuer", None), granted.pop("roles/iam.serviceAccountUser", None))
        assert delaying in [(None, None), ({"tasks_later"}, {account})]
        assert not granted

    def _keys(self, name: str) -> Mapping[str, str]:
        """Give what the topics that a function is told of are for, by their ids."""
        topics = {found["name"]: id for id, found in self.of("google_pubsub_topic")}
        places = {key: path.rpartition("/")[2] for key, path in self.table(name, "PURISTA_TOPICS").items()}
        letters = self.table(name, "PURISTA_DEAD_LETTERS").items()
        return {
            **{topics[place]: key for key, place in places.items()},
            **{topics[path.rpartition("/")[2]]: f"dead-letter {edge}" for edge, path in letters},
        }

    def _grants(self, account: str) -> Iterator[tuple[str, Any]]:
        for kind in self.resources:
            if kind.endswith("_iam_member"):
                yield from (
                    (kind, found)
                    for _id, found in self.of(kind)
                    if found["member"] == f"${{google_service_account.{account}.member}}"
                )

    @staticmethod
    def _on(found: Mapping[str, Any]) -> Iterator[str]:
        for argument in ("topic", "subscription", "name", "secret_id", "service_account_id", "bucket"):
            if argument in found:
                yield found[argument]

    def _invoked(self, name: str, functions: set[str]) -> Iterator[str]:
        commands = self.table(name, "PURISTA_COMMANDS")
        ours = {id: function.removeprefix("command:") for function, (id, _found) in self.functions.items()}
        assert {ours[id] for id in functions} == {address for address, url in commands.items() if url != "set"}
        yield from commands

    @staticmethod
    def _publishing(topic: str, keys: Mapping[str, str], own: set[str]) -> Iterator[str]:
        key = keys[topic]
        kind, _, rest = key.partition(":")
        if key.startswith("dead-letter "):
            yield key
        elif key not in own:
            yield {
                "event": f"emit {rest}",
                "queue": f"enqueue {rest}",
                "gate": f"knock schedule:{rest}",
                "call": f"invoke {key}",
            }[kind]


def referred(text: str) -> str:
    """Give the id of the resource that a text refers to."""
    found = _REFERENCE.search(text)
    return text if found is None else found[1]
