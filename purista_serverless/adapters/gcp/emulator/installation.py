"""Where Google's emulators are installed on this machine: their jars, and the Java that runs them."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from purista_serverless.errors import MissingTool

_SDK_VARIABLE = "CLOUDSDK_ROOT_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An emulator that comes with the Google Cloud SDK.

    Attributes:
        name: What it is called.
        variable: Environment variable with the path of its jar, for who has no SDK.
        pattern: Where it lies in the SDK.
        component: Name of the SDK's component.
        package: Name of the Debian package.
        main: Class that is started, ``None`` where the jar says it itself; arguments before those of the caller follow.
    """

    name: str
    variable: str
    pattern: str
    component: str
    package: str
    main: tuple[str, ...] | None = None

    @property
    def remedy(self) -> str:
        """Give what to do where it is missing."""
        return (
            f"run: gcloud components install {self.component} (or: apt-get install {self.package}), "
            f"or set {self.variable} to the path of its jar"
        )


PUBSUB = Program(
    name="the Pub/Sub emulator",
    variable="PUBSUB_EMULATOR_JAR",
    pattern="platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    component="pubsub-emulator",
    package="google-cloud-cli-pubsub-emulator",
)
FIRESTORE = Program(
    name="the Firestore emulator",
    variable="FIRESTORE_EMULATOR_JAR",
    pattern="platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    component="cloud-firestore-emulator",
    package="google-cloud-cli-firestore-emulator",
    main=("com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start"),
)


def command_of(program: Program, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Give the command that starts an emulator, without its own arguments.

    Raises:
        MissingTool: The emulator or Java is not installed; says how to install it.
    """
    # A small heap that grows: what is kept here is small. Texts of errors do not follow the machine's language.
    options = ("-Xshare:auto", "-Xmx512m", "-XX:+UseSerialGC", "-Duser.language=en")
    jar = str(find_jar(program, environment))
    java = _find_java(environment)
    if program.main is None:
        return (java, *options, "-jar", jar)
    return (java, *options, "-cp", jar, *program.main)


def find_jar(program: Program, environment: Mapping[str, str] = os.environ) -> Path:
    """Find the jar of an emulator: where its variable says, or else in the SDK that ``gcloud`` belongs to.

    Raises:
        MissingTool: It is in neither place.
    """
    given = environment.get(program.variable)
    if given:
        if not Path(given).is_file():
            raise MissingTool(program.name, f"{program.variable}={given} is no file; {program.remedy}")
        return Path(given)
    found = [jar for root in _sdk_folders(environment) for jar in root.glob(program.pattern)]
    if not found:
        raise MissingTool(program.name, program.remedy)
    return max(found)


def _sdk_folders(environment: Mapping[str, str]) -> list[Path]:
    if environment.get(_SDK_VARIABLE):
        return [Path(environment[_SDK_VARIABLE])]
    gcloud = shutil.which("gcloud", path=environment.get("PATH"))
    # The command is a link into the SDK, or lies in it.
    return [] if gcloud is None else [Path(gcloud).resolve().parent.parent]


def _find_java(environment: Mapping[str, str]) -> str:
    home = environment.get("JAVA_HOME")
    places = [str(Path(home) / "bin")] if home else []
    found = shutil.which("java", path=os.pathsep.join([*places, environment.get("PATH", os.defpath)]))
    if found is None:
        raise MissingTool("Java", "run: apt-get install default-jre-headless, or set JAVA_HOME; 11 or newer")
    return found
