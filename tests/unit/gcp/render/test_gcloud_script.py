"""The script that deploys with gcloud: its words as a shell reads them, and its text."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purista_serverless.adapters.gcp.plan.resources import Function, Sub, Text
from purista_serverless.adapters.gcp.plan.texts import fill
from purista_serverless.adapters.gcp.render.gcloud.script import FILE, render, script
from purista_serverless.adapters.gcp.render.gcloud.words import flag, line, word
from purista_serverless.synth.marker import MARKER
from tests.connected.gcp.gcloud_application import shop
from tests.connected.gcp.terraform_applications import APPLICATIONS, large
from tests.unit.gcp.plan.deployments import planned

VALUES = {"project": "demo", "prefix": "shop", "number": "123", "region": "europe-west1"}
# All that a shell might take for something else; no line ends, which a variable of a function has none of.
TEXTS = st.text(st.sampled_from("ab01 _-\"'`$\\!*?~{}()[]<>|&;#=,:%^é"), min_size=1)
PLACES = st.sampled_from([f"${{{name}}}" for name in VALUES])


def subs() -> st.SearchStrategy[Text]:
    """Make texts of which some have places."""
    parts = st.lists(TEXTS.filter(lambda text: "${" not in text) | PLACES, min_size=1)
    # Two parts may make a place that is none.
    made = parts.map("".join).filter(lambda text: len(re.findall(r"\$\{", text)) == len(re.findall(r"\$\{\w+\}", text)))
    return TEXTS | made.filter(lambda text: set(re.findall(r"\$\{(\w+)\}", text)) <= VALUES.keys()).map(Sub)


def shell(text: str) -> list[str]:
    """Execute a text, and give what it printed between the zeros."""
    variables = {name.upper(): value for name, value in VALUES.items()}
    command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, env={"LC_ALL": "C.UTF-8", **variables}, capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@given(texts=st.lists(subs(), min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_word_is_the_text_again(texts):
    """What a shell makes of a word is the text, with the values in its places."""
    expected = [fill(text, VALUES) for text in texts]

    assert shell(f"printf '%s\\0' {' '.join(word(text) for text in texts)}") == expected
    flags = " ".join(flag("--text", text) for text in texts)
    assert shell(f"printf '%s\\0' {flags}") == [f"--text={text}" for text in expected]


@given(texts=st.lists(subs(), min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_line_of_a_document_is_the_text_again(texts):
    """What a shell reads between the lines of a document is the text, with the values in its places."""
    document = "\n".join(line(text) for text in texts)

    assert shell(f"tr '\\n' '\\0' <<END_OF_IT\n{document}\nEND_OF_IT") == [fill(text, VALUES) for text in texts]


@given(text=st.text(st.sampled_from("ab \"'\\$`&/\t\r\n{}é"), max_size=40))
@settings(max_examples=50)
def test_a_setting_is_escaped_as_json_is(text):
    """The script's own escapes are those of JSON, whatever a setting holds."""
    source = files("purista_serverless.adapters.gcp.render.gcloud").joinpath("functions.sh").read_text(encoding="utf-8")

    (escaped,) = shell(f"{source}\nprintf '%s\\0' \"$(json {word(text)})\"")

    assert json.loads(f'"{escaped}"') == text


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_the_linter_finds_nothing(name, tmp_path):
    """Shellcheck has nothing to say about the script, in its strictest form."""
    (tmp_path / "deploy.sh").write_text(script(planned(APPLICATIONS[name])), encoding="utf-8")
    linter = [f"{sys.prefix}/bin/shellcheck", "--severity=style", str(tmp_path / "deploy.sh")]

    done = subprocess.run(linter, capture_output=True, text=True, check=False)

    assert done.stdout + done.stderr == ""


def test_the_script_says_that_it_is_generated():
    """Its first line tells, and it is written into the folder of Google Cloud."""
    ((path, text),) = render(planned(APPLICATIONS["example"])).items()

    assert path == FILE == "infra/gcp/deploy.sh"
    assert MARKER in text.splitlines()[0]


def test_what_a_script_does_for_a_shop(golden):
    """The part of the script that is about an application is as it was reviewed."""
    text = script(planned(shop().model))

    golden("gcp/deploy.sh", text[text.index("# --- What there is ") :])


def test_a_script_grows_with_the_application():
    """Twice as many functions make a script that is longer by as much again: nothing is written per pair."""
    sizes = [len(script(planned(large(count, services=2).model))) for count in (10, 20, 30)]

    assert sizes[2] - sizes[1] == pytest.approx(sizes[1] - sizes[0], rel=0.1)


def test_an_application_without_anything_has_a_script_that_runs(tmp_path):
    """A plan without resources is a script without sections."""
    plan = planned(APPLICATIONS["example"])

    text = script(replace(plan, resources=(), outputs=()))

    assert "# --- Functions" not in text
    (tmp_path / "deploy.sh").write_text(text, encoding="utf-8")
    subprocess.run(["bash", "-n", str(tmp_path / "deploy.sh")], check=True)  # noqa: S607 - bash is found on the PATH


def test_a_function_that_everybody_may_call_stays_so_while_it_is_deployed():
    """Only what is open is deployed as such: nobody is locked out between a deployment and its grants."""
    plan = planned(APPLICATIONS["everything"])
    functions = {one.name: one.is_open for one in plan.resources if isinstance(one, Function)}
    text = script(plan)

    for name, is_open in functions.items():
        call = text[text.index(f'cloud_function "$PREFIX-{name}"') :].partition("<<END")[0]
        assert ("--no-allow-unauthenticated" in call) is not is_open
