"""Who may do what: grants that are new or reach further, and functions that more people reach."""

from purista_serverless.adapters.gcp.compare.document import Resource
from purista_serverless.synth.changes import Danger

_GRANTS = ("_iam_member", "_iam_binding", "_iam_policy")
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")

# Ingress of a function, from the narrowest on (Cloud Run documentation, restrict network ingress).
_INGRESS = ("ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_ALL")
_INGRESS_PATH = "service_config.ingress_settings"

# What keeps objects from everybody, whatever is granted (Cloud Storage documentation, public access prevention).
_PREVENTION = "public_access_prevention"


def is_grant(resource: Resource) -> bool:
    """Say whether a resource is a right of somebody on something."""
    return resource.type.endswith(_GRANTS)


def widening(old: Resource | None, new: Resource) -> tuple[Danger, ...]:
    """Say what somebody may do or reach with the new resource that the old one did not allow.

    Args:
        old: What was there before under its address; ``None`` if nothing was.
        new: What is there now.
    """
    if is_grant(new):
        is_narrower = old is not None and old.arguments == _unconditional(new)
        return () if is_narrower else (Danger(risk="widens-access", why=_right(new)),)
    if old is None:
        return ()
    reasons = (_ingress(old, new), _prevention(old, new))
    return tuple(Danger(risk="widens-access", why=reason) for reason in reasons if reason)


def _unconditional(grant: Resource) -> dict[str, str]:
    return {name: value for name, value in grant.arguments.items() if not name.startswith("condition")}


def _right(grant: Resource) -> str:
    arguments = grant.arguments
    member, role = arguments.get("member", "somebody"), arguments.get("role", "something")
    target = next(
        (value for name, value in arguments.items() if name not in {"member", "role", "location"}), "the project"
    )
    who = "everybody" if member in _EVERYBODY else member
    condition = arguments.get("condition.expression")
    return f"{who} has {role} on {target}" + (f", where {condition}" if condition else "")


def _ingress(old: Resource, new: Resource) -> str | None:
    was, now = (one.arguments.get(_INGRESS_PATH, _INGRESS[-1]) for one in (old, new))
    if now not in _INGRESS or was not in _INGRESS or _INGRESS.index(now) <= _INGRESS.index(was):
        return None
    return f"requests from further away reach it: {was} -> {now}"


def _prevention(old: Resource, new: Resource) -> str | None:
    is_gone = old.arguments.get(_PREVENTION) == "enforced" and new.arguments.get(_PREVENTION) != "enforced"
    return "its objects can be made public" if is_gone else None
