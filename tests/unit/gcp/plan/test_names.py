"""Names in a project: legal with every prefix, readable, and never taken twice."""

import re

from hypothesis import given
from hypothesis import strategies as st

from purista_serverless.adapters.gcp.options import LONGEST_PREFIX, Options, problem_of_prefix
from purista_serverless.adapters.gcp.plan.names import (
    account_names,
    function_names,
    identifiers,
    job_name,
    prefix_of,
    secret_variables,
    topic_name,
)
from purista_serverless.naming import LONGEST_NAME

_WORD = st.from_regex(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}", fullmatch=True)
_DOTTED = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}([.-][A-Za-z0-9_]{1,20}){0,2}", fullmatch=True)
_ADDRESS = st.builds("{}.{}.{}".format, _WORD, st.from_regex(r"[1-9][0-9]?", fullmatch=True), _WORD)
_FUNCTION = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["command", "worker", "gate", "subscription"]), _ADDRESS),
    st.builds("binding:{}:{}".format, _DOTTED, _DOTTED),
)
_EDGE = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["call", "gate", "schedule", "subscription"]), _ADDRESS),
    st.builds("{}:{}".format, st.sampled_from(["queue", "event"]), _DOTTED),
    st.builds("binding:{}:{}".format, _DOTTED, _DOTTED),
)
_LONGEST = "p" * LONGEST_PREFIX
_KINDS = ("", "again", "dead-letter")


@given(functions=st.sets(_FUNCTION, min_size=1, max_size=20))
def test_names_of_functions_are_those_of_services(functions):
    """Cloud Run's names have 49 small letters, digits and hyphens, with the longest prefix."""
    names = [f"{_LONGEST}-{name}" for name in function_names(functions).values()]

    assert len(set(names)) == len(functions)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,47}[a-z0-9]", name) for name in names)


@given(functions=st.sets(_FUNCTION, min_size=1, max_size=20))
def test_names_of_accounts_are_those_of_identities(functions):
    """The ids of service accounts have 6 to 30 characters, with the longest prefix and with the shortest."""
    names = account_names(functions).values()

    assert len(set(names)) == len(functions)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", f"{_LONGEST}-{name}")
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", f"p-{name}")


@given(edges=st.sets(_EDGE, min_size=1, max_size=20))
def test_names_of_topics_are_those_of_edges(edges):
    """Topics have 255 characters at most, and no two edges share a name, whatever both are called."""
    names = [f"{_LONGEST}-{topic_name(edge, kind)}" for edge in edges for kind in _KINDS]

    assert len(set(names)) == len(edges) * len(_KINDS)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9._~+%-]{2,254}", name) for name in names)


@given(addresses=st.sets(_ADDRESS, min_size=1, max_size=20))
def test_names_of_jobs_are_those_of_schedules(addresses):
    """Jobs have letters, digits, underscores and hyphens, 500 at most, and no two schedules share one."""
    names = [f"{_LONGEST}-{job_name(address, number)}" for address in addresses for number in (1, 2, 11)]

    assert len(set(names)) == 3 * len(addresses)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,500}", name) for name in names)


@given(names=st.sets(st.one_of(_FUNCTION, _EDGE), min_size=1, max_size=30))
def test_ids_are_labels(names):
    """Ids are small letters, digits and single underscores, and no two the same."""
    ids = identifiers(names).values()

    assert len(set(ids)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", id) for id in ids)


@given(application=st.from_regex(r"[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,20}){0,3}", fullmatch=True))
def test_a_prefix_is_made_of_the_application(application):
    """What an application is called fits into a prefix, unless Google keeps it for itself."""
    problem = problem_of_prefix(prefix_of(application, Options()))

    assert problem is None or application.startswith("goog")


def test_secrets_are_put_into_variables_of_their_names():
    """A variable holds letters, digits and underscores only."""
    assert secret_variables(["mail-key"]) == {"mail-key": "PURISTA_SECRET_mail_key"}
