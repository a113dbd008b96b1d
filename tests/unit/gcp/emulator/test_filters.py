"""Filters of Pub/Sub subscriptions are read as the service documents them."""

import pytest

from purista_serverless.adapters.gcp.emulator.filters import LONGEST, read_filter
from purista_serverless.errors import DeclarationError

MESSAGE = {"service": "Billing", "version": "12", "two words": 'a "quote"'}


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ('attributes.service = "Billing"', True),
        ('attributes.service="Ledger"', False),
        ('attributes.service != "Ledger"', True),
        ('attributes.service != "Billing"', False),
        # Of an attribute that is not there nothing holds but that it is not.
        ('attributes.absent != "x"', False),
        ('hasPrefix(attributes.absent, "")', False),
        ("attributes:version", True),
        ("NOT attributes:absent", True),
        ("-attributes:version", False),
        ('hasPrefix(attributes.version, "1")', True),
        ('hasPrefix(attributes.version, "2")', False),
        (r'attributes."two words" = "a \"quote\""', True),
        ('attributes:version AND attributes.service = "Billing"', True),
        ("attributes:version AND attributes:absent", False),
        ("attributes:absent OR attributes:version", True),
        ("(attributes:absent OR attributes:version) AND NOT (attributes:absent)", True),
        ("attributes:version AND attributes:service AND attributes:absent", False),
    ],
)
def test_a_filter_says_which_messages_are_delivered(text, is_match):
    """Comparisons, presence, prefixes, negation and parentheses mean what the documentation says."""
    assert read_filter(text)(MESSAGE) is is_match


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "attributes is due"),
        ("attributes.service", "= or != is due"),
        ("attributes.service = Billing", "double quotes is due"),
        ("attributes.=", "name of an attribute is due"),
        ("attributes:", "name of an attribute is due"),
        ("attributes:a AND", "attributes is due"),
        ("attributes:a AND attributes:b OR attributes:c", "parentheses between AND and OR is due"),
        ("(attributes:a", r"\) is due"),
        ('hasPrefix(attributes.a "b")', ", is due"),
        ("attributes:a attributes:b", "the end, AND or OR is due"),
        ('attributes.service = "open', "character 20"),
        (f'attributes.a = "{"b" * LONGEST}"', "longer than 256 bytes"),
    ],
)
def test_what_is_no_filter_is_an_error(text, problem):
    """The error says what was to come, and where."""
    with pytest.raises(DeclarationError, match=problem):
        read_filter(text)
