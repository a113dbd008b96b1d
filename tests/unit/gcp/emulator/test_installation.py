"""Google's emulators are found in the SDK or where a variable says, and what is missing comes with its remedy."""

from pathlib import Path

import pytest

from purista_serverless.adapters.gcp.emulator.installation import FIRESTORE, PUBSUB, command_of, find_jar
from purista_serverless.errors import MissingTool


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """Make an SDK with two versions of one emulator, whose command is a link from elsewhere, and a Java."""
    library = tmp_path / "sdk" / "platform" / "pubsub-emulator" / "lib"
    library.mkdir(parents=True)
    for version in ("0.8.19", "0.8.20"):
        (library / f"cloud-pubsub-emulator-{version}-all.jar").touch()
    for program in ("sdk/bin/gcloud", "java/bin/java"):
        path = tmp_path / program
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gcloud").symlink_to(tmp_path / "sdk" / "bin" / "gcloud")
    return tmp_path


def test_an_emulator_is_found_in_the_sdk(sdk):
    """The newest jar of the SDK that the command ``gcloud`` belongs to is taken."""
    jar = find_jar(PUBSUB, {"PATH": str(sdk / "bin")})

    assert jar == sdk / "sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"
    assert find_jar(PUBSUB, {"PATH": "", "CLOUDSDK_ROOT_DIR": str(sdk / "sdk")}) == jar


def test_a_jar_can_be_named(sdk):
    """A jar that a variable names needs no SDK."""
    jar = sdk / "firestore.jar"
    jar.touch()

    command = command_of(FIRESTORE, {"FIRESTORE_EMULATOR_JAR": str(jar), "JAVA_HOME": str(sdk / "java"), "PATH": ""})

    assert command[0] == str(sdk / "java/bin/java")
    assert command[-4:-1] == ("-cp", str(jar), "com.google.cloud.datastore.emulator.firestore.CloudFirestore")


@pytest.mark.parametrize(
    ("program", "variables", "remedy"),
    [
        (PUBSUB, {"PATH": ""}, "gcloud components install pubsub-emulator"),
        (PUBSUB, {"PATH": "", "PUBSUB_EMULATOR_JAR": "gone.jar"}, "PUBSUB_EMULATOR_JAR=gone.jar is no file"),
        (FIRESTORE, {"PATH": "bin"}, "apt-get install google-cloud-cli-firestore-emulator"),
        (PUBSUB, {"PATH": "", "CLOUDSDK_ROOT_DIR": "sdk"}, "Java is not installed; run: apt-get install"),
    ],
)
def test_what_is_missing_comes_with_its_remedy(sdk, monkeypatch, program, variables, remedy):
    """Without the SDK, the emulator in it, the named jar or Java the error says how to install it."""
    monkeypatch.chdir(sdk)

    with pytest.raises(MissingTool, match=remedy):
        command_of(program, variables)
