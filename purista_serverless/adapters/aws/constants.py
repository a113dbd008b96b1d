"""What template and run time must spell alike: variables of the environment and marks on the wire.

A variable is absent where a function has no use for it. This module is on the cold path: it imports nothing.
"""

# Name of the event bus; only where something is emitted.
EVENT_BUS = "PURISTA_EVENT_BUS"
# Name of the DynamoDB table of records; only where records are used.
LEDGER = "PURISTA_LEDGER"
# JSON object: name of an edge to the URL of its queue, of those sent to and those consumed.
QUEUES = "PURISTA_QUEUES"
# JSON object: name of an edge to the URL of its dead-letter queue.
DEAD_LETTERS = "PURISTA_DEAD_LETTERS"
# JSON object: ``Service.version.name`` to a function's name or the ARN of its alias.
COMMANDS = "PURISTA_COMMANDS"
# JSON objects: name of a setting to the name of its SSM parameter, or to the id of its secret.
CONFIG = "PURISTA_CONFIG"
SECRETS = "PURISTA_SECRETS"
# Name of the bucket of bodies that are too big for their edge; only where claim check is switched on.
CLAIM_CHECK = "PURISTA_CLAIM_CHECK"
# Name of the authoriser's claim that holds the tenant, which every caller has to have; nobody has one where the
# variable is absent.
TENANT_CLAIM = "PURISTA_TENANT_CLAIM"
# JSON object: ``namespace``, ``service`` and ``function`` of its metrics; only where they are switched on.
METRICS = "PURISTA_METRICS"

# Names of edges in ``QUEUES`` and ``DEAD_LETTERS``, and of triggers in generated handlers, begin with their kind.
QUEUE_EDGE = "queue:"
SUBSCRIPTION_EDGE = "subscription:"
BINDING_EDGE = "binding:"
CALL_EDGE = "call:"
SCHEDULE_EDGE = "schedule:"
GATE_EDGE = "gate:"
COMMAND_TRIGGER = "command:"
HTTP_TRIGGER = "http:"

# Member that marks what we send to ourselves, and its values.
MARK = "purista"
SLOT = "slot"
KNOCK = "knock"
CLAIM = "claim"

# What EventBridge Scheduler puts in place of this text: the slot, ``2027-01-01T01:00:00Z``.
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"

# ``Source`` of our events begins so, and ends with the slug of the service that sends them.
SOURCE_PREFIX = "purista."

# The member of an event of EventBridge that names the event.
DETAIL_TYPE = "detail-type"

# Message attributes.
EDGE_ATTRIBUTE = "edge"
TRACEPARENT_ATTRIBUTE = "traceparent"
ID_ATTRIBUTE = "id"
GENERATION_ATTRIBUTE = "generation"
REASON_ATTRIBUTE = "reason"
ATTEMPTS_ATTRIBUTE = "attempts"
AT_ATTRIBUTE = "at"

# Key attributes, and the others, of the table of records.
PARTITION_KEY = "pk"
SORT_KEY = "sk"
VERSION = "version"
FIELDS = "fields"
EXPIRES = "expires"

# A key without a rest, as an empty sort key is refused.
EMPTY_SORT_KEY = "-"

FIFO_SUFFIX = ".fifo"
