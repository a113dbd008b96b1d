"""Names: what is legal, what becomes of them, and what a wrong one was meant to be."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from purista_serverless.naming import did_you_mean, folded, problem_of_dotted, problem_of_word, shorten, slug


@pytest.mark.parametrize("name", ["a", "closeAccount", "Close_account2", "x" * 63])
def test_words_are_legal(name: str):
    """Letters, digits and underscores after a letter are a word, and a word is a dotted name too."""
    assert problem_of_word(name) is None
    assert problem_of_dotted(name) is None


@pytest.mark.parametrize("name", ["", "1a", "_a", "a b", "a-b", "a.b", "ä", "x" * 64, None])
def test_other_names_are_no_words(name: object):
    """Each is told with a fix."""
    problem = problem_of_word(name)

    assert problem is not None
    assert "; " in problem


@pytest.mark.parametrize("name", ["billing.monthlyClosing", "billing.monthly-closing.v2"])
def test_events_and_queues_may_have_dots_and_hyphens(name: str):
    """The separators of PURISTA's names are legal inside."""
    assert problem_of_dotted(name) is None


@pytest.mark.parametrize("name", ["a..b", "a.-b", "a.", "a-", ".a", "a/b", "a:b", "x" * 64])
def test_separators_stand_alone_and_inside(name: str):
    """A name with an empty part is told with a fix."""
    problem = problem_of_dotted(name)

    assert problem is not None
    assert "; " in problem


@given(st.text(min_size=64, max_size=300), st.text(min_size=64, max_size=300), st.integers(10, 63))
def test_different_names_stay_different_when_they_are_shortened(first: str, second: str, limit: int):
    """What is cut off lives on in the hash, and the limit holds."""
    assume(first != second)

    assert len(shorten(first, limit)) <= limit
    assert shorten(first, limit) != shorten(second, limit)


@given(st.text(max_size=40))
def test_a_name_below_the_limit_is_kept(name: str):
    """Nothing is hashed without need, so that names in a console stay readable."""
    assert shorten(name, 40) == name


def test_a_limit_without_room_for_the_hash_is_refused():
    """Below ten characters names could not stay different."""
    with pytest.raises(ValueError, match="10 is the least"):
        shorten("billing", 9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Billing", "billing"),
        ("billing.monthlyClosing", "billing-monthly-closing"),
        ("Billing_v2.HTTPServer", "billing-v2-httpserver"),
        ("..a..", "a"),
    ],
)
def test_a_slug_has_lower_case_and_hyphens_only(name: str, expected: str):
    """Words are told apart by case, dots and underscores."""
    assert slug(name) == expected


@given(st.text(max_size=60))
def test_any_text_gives_a_slug_of_legal_characters(name: str):
    """A slug has nothing that a provider refuses, and no hyphen at either end."""
    made = slug(name)

    assert all(
        character.isascii() and (character.islower() or character.isdigit() or character == "-") for character in made
    )
    assert not made.startswith("-")
    assert not made.endswith("-")


def test_the_nearest_name_is_suggested_whatever_its_case():
    """A typing error is told with the name that was meant, a strange name without any."""
    assert did_you_mean("CLOSEACOUNT", ["openAccount", "closeAccount"]) == "did you mean 'closeAccount'?"
    assert did_you_mean("zzz", ["openAccount", "closeAccount"]) is None


def test_names_are_compared_without_case_and_space():
    """Upstream does so."""
    assert folded(" Billing.Due ") == folded("billing.due")
