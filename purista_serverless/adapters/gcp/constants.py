"""What plan and run time must spell alike: variables of the environment, marks on the wire, and paths.

A variable is absent where a function has no use for it. This module is on the cold path: it imports nothing.
"""

# Id of the project.
PROJECT = "PURISTA_PROJECT"
# JSON object: name of an edge or ``event:<name>`` to the full name of its topic, ``projects/P/topics/T``.
TOPICS = "PURISTA_TOPICS"
# JSON object: name of an edge to the full name of its dead-letter topic.
DEAD_LETTERS = "PURISTA_DEAD_LETTERS"
# JSON object: name of an edge to the full name of the subscription that is pulled; in worker pools only.
SUBSCRIPTIONS = "PURISTA_SUBSCRIPTIONS"
# JSON object: ``Service.version.name`` to the URL of the command's function.
COMMANDS = "PURISTA_COMMANDS"
# Full name of the Cloud Tasks queue that holds what is delivered later.
TASKS = "PURISTA_TASKS"
# Address of the function's own service account.
ACCOUNT = "PURISTA_ACCOUNT"
# Id of the Firestore database of records; only where records are used.
LEDGER = "PURISTA_LEDGER"
# Name of the bucket of bodies that are too big for their edge; only where claim check is switched on.
CLAIM_CHECK = "PURISTA_CLAIM_CHECK"
# JSON object: name of a setting to its text.
CONFIG = "PURISTA_CONFIG"
# JSON object: name of a secret to the variable into which the platform puts it.
SECRETS = "PURISTA_SECRETS"
# Seconds that one request has; only where something is pushed.
TIMEOUT = "PURISTA_TIMEOUT"
# The function's own URL; only where requests reach it that the platform has not checked.
URL = "PURISTA_URL"
# JSON list of the addresses that may push to the function and invoke it; only where others may send it requests.
TRUSTED = "PURISTA_TRUSTED"
# JSON object that says which web pages of other origins may call: ``origins``, ``headers``, ``credentials`` and
# ``maxAge`` in seconds; only on open functions of applications that let some in.
CORS = "PURISTA_CORS"
# Where the certificates are read by which tokens are verified; Google's own where the variable is absent.
CERTIFICATES = "PURISTA_CERTIFICATES"
# Name of the token's claim that holds the tenant, which every caller has to have; nobody has one where the variable is
# absent.
TENANT_CLAIM = "PURISTA_TENANT_CLAIM"

# Names of edges in ``TOPICS`` and ``DEAD_LETTERS``, and of triggers in generated handlers, begin with their kind.
EVENT_EDGE = "event:"
QUEUE_EDGE = "queue:"
SUBSCRIPTION_EDGE = "subscription:"
BINDING_EDGE = "binding:"
CALL_EDGE = "call:"
SCHEDULE_EDGE = "schedule:"
GATE_EDGE = "gate:"
COMMAND_TRIGGER = "command:"
HTTP_TRIGGER = "http:"

# What our own subscriptions push to ends with the edge, percent-encoded; invocations of commands have a path as well.
PUSH_PATH = "/_purista/"
COMMAND_PATH = "/_purista/command"

# Member that marks what we send to ourselves, and its values.
MARK = "purista"
SLOT = "slot"
KNOCK = "knock"
CLAIM = "claim"

# Attributes of messages.
EDGE_ATTRIBUTE = "edge"
TRACEPARENT_ATTRIBUTE = "traceparent"
EVENT_ATTRIBUTE = "event"
SERVICE_ATTRIBUTE = "service"
VERSION_ATTRIBUTE = "version"
RECEIVES_ATTRIBUTE = "receives"
ID_ATTRIBUTE = "id"
GENERATION_ATTRIBUTE = "generation"
REASON_ATTRIBUTE = "reason"
ATTEMPTS_ATTRIBUTE = "attempts"
AT_ATTRIBUTE = "at"
