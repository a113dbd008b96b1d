"""``docs/cli.md`` is made from the commands, and what it says of their JSON is true."""

import json
import re

import pytest

from purista_serverless.cli.reference import commands, reference
from tests.repo.tree import ROOT

PAGE = ROOT / "docs" / "cli.md"
GOLDEN = ROOT / "tests" / "golden" / "cli"


def keys_of(shape) -> set[str]:
    """Give the keys of an object, or of the first object in a list."""
    first = shape[0] if isinstance(shape, list) else shape
    return set(first)


def parsed(text: str):
    """Read JSON, or the first of several lines of it."""
    return json.JSONDecoder().raw_decode(text.strip())[0]


def test_the_page_is_current(request):
    """The page is what the commands say of themselves; `make golden` writes it."""
    text = reference()
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == text


def test_every_command_is_on_the_page():
    """No command is left out."""
    headings = re.findall(r"^#{2,} (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert [name for name, _ in commands()] == [name for name in headings if name in dict(commands())]


def test_every_command_is_held_to_its_text_and_its_json():
    """Each command has a golden text and a golden JSON."""
    wanted = {f"{name.replace(' ', '-')}.{kind}" for name, _ in commands() for kind in ("txt", "json")}

    assert wanted - {path.name for path in GOLDEN.iterdir()} == set()


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_the_documented_shape_is_what_is_printed(name, command):
    """The golden JSON of a command has exactly the keys that its documentation shows."""
    printed = (GOLDEN / f"{name.replace(' ', '-')}.json").read_text(encoding="utf-8")

    assert keys_of(parsed(printed)) == keys_of(parsed(command.shape))
