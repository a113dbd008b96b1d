"""The emulator: a stack on this machine, from its template to its last function."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from purista_serverless.adapters.aws.constants import CONFIG, SECRETS
from purista_serverless.adapters.aws.emulator.cloud import CREDENTIALS, Cloud
from purista_serverless.adapters.aws.emulator.environment import FunctionSetup, Log
from purista_serverless.adapters.aws.emulator.functions import Function, Functions
from purista_serverless.adapters.aws.emulator.http_api import HttpServer, routes_of
from purista_serverless.adapters.aws.emulator.lambda_api import LambdaApi
from purista_serverless.adapters.aws.emulator.polling import Polling, Source
from purista_serverless.adapters.aws.emulator.resource import HttpApi, Mapped, Part, StoredSchedule
from purista_serverless.adapters.aws.emulator.runtime_api import Answer
from purista_serverless.adapters.aws.emulator.scheduler import Scheduler
from purista_serverless.adapters.aws.emulator.stack import Stack
from purista_serverless.adapters.aws.emulator.template import load_template
from purista_serverless.adapters.aws.plan.resources import Schedule
from purista_serverless.adapters.aws.schedules.deployed import DeployedStacks
from purista_serverless.adapters.aws.schedules.scheduler import request_of
from purista_serverless.emulation.clock import Clock, VirtualClock, WallClock
from purista_serverless.emulation.running import Running, print_line
from purista_serverless.errors import DeclarationError

_SETTLE_SECONDS = 60.0


class Emulator(Running):
    """Run a template: its resources on moto, its functions under the real Lambda runtime client.

    It is a context manager; inside, everything runs, and afterwards nothing is left.

    Args:
        template: The template, as the build writes it.
        apart: Schedules that the template leaves out; they are stored as ``schedules apply`` would store them.
        parameters: Values of its parameters that differ from their defaults.
        start: The first instant of a virtual clock, which ``advance`` moves; the wall clock when omitted. Functions
            and queues are told the time of that clock too.
        settings: Configuration values and secrets by name, where the template wants some; what is not here is taken
            from this process' environment.
        variables: More variables for the environment of every function; another ``AWS_ENDPOINT_URL`` puts something
            between functions and the account.
        identity: Who calls routes that have an authoriser; nobody gets in when omitted. No token is verified.
        port: Where HTTP APIs are served, 0 for a free port.
        region: The region that is emulated.
        stack_name: Begins the names of resources.
        python: The interpreter that runs functions.
        log: Takes the name of a function and a line that it printed; to standard error when omitted.

    Raises:
        MissingExtra: moto or another part of the extra ``aws-emulator`` is not installed.
        DeclarationError: The template has something that cannot be emulated; says what.
    """

    def __init__(
        self,
        template: Path | str,
        *,
        apart: Sequence[Schedule] = (),
        parameters: Mapping[str, str] | None = None,
        start: datetime | None = None,
        settings: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        identity: Mapping[str, Any] | None = None,
        port: int = 0,
        region: str = "eu-central-1",
        stack_name: str = "emulated",
        python: str = sys.executable,
        log: Log = print_line,
    ) -> None:
        super().__init__()
        self._template = Path(template)
        self._apart = tuple(apart)
        self._parameters = dict(parameters or {})
        self._clock: Clock = WallClock() if start is None else VirtualClock(start)
        self._settings = {**os.environ, **(settings or {})}
        self._variables = dict(variables or {})
        self._identity = identity
        self._port = port
        self._region = region
        self._stack_name = stack_name
        self._python = python
        self._log = log

    def _start(self, running: ExitStack) -> None:
        template = load_template(self._template, self._parameters, self._region)
        invocations = LambdaApi()
        invocations.start()
        running.callback(invocations.stop)
        self._cloud = Cloud(self._clock, self._region, invocations.url)
        running.callback(self._cloud.close)
        self.stack = Stack(template, self._cloud, name=self._stack_name, parameters=self._parameters)
        self.stack.make()
        self._record_stack()
        parts = {**dict(self.stack.parts()), **dict(self._stored())}
        self._functions = invocations.functions = self._make_functions(parts)
        self._fill_settings()
        sources = [self._source(mapped) for mapped in _of(parts, Mapped).values()]
        self._polling = Polling(self._cloud, sources, log=self._log)
        # What runs is ended between the end of polling and the end of what was polled.
        running.callback(self._polling.join)
        running.callback(self._functions.close)
        running.callback(self._polling.stop)
        self._http = HttpServer(
            _of(parts, HttpApi).values(),
            routes_of(parts.values()),
            self._functions,
            self._clock,
            identity=self._identity,
            port=self._port,
        )
        self._http.start()
        running.callback(self._http.stop)
        self._scheduler = Scheduler(self._cloud, self._clock, _of(parts, StoredSchedule), log=self._log)
        running.callback(self._scheduler.stop)
        self._polling.start()
        self._tell_of_deployment()
        if not self._clock.is_virtual:
            self._scheduler.start()

    @property
    def endpoint(self) -> str:
        """Give the endpoint of AWS: the value for ``AWS_ENDPOINT_URL`` of other programs."""
        return self._cloud.endpoint

    @property
    def http_url(self) -> str:
        """Give where HTTP APIs are served."""
        return self._http.url

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Give the outputs of the stack."""
        return self.stack.outputs

    @property
    def functions(self) -> Functions:
        """Give the functions."""
        return self._functions

    def client(self, service: str) -> Any:
        """Give the boto3 client of a service, such as ``sqs``."""
        return self._cloud.client(service)

    def now(self) -> datetime:
        """Give the time of the account, in UTC."""
        return self._clock.now()

    def physical_id(self, logical_id: str) -> str:
        """Give what ``Ref`` gives of a resource: the URL of a queue, the name of a table.

        Raises:
            LookupError: There is no such resource.
        """
        return self.stack.find(logical_id).ref

    def invoke(self, function: str, event: Any) -> Answer:
        """Run a function on an event, which becomes JSON.

        Args:
            function: Its logical id, its name or its ARN.
            event: The event.
        """
        return self._functions.find(function).invoke(json.dumps(event).encode())

    def kill(self, function: str) -> tuple[int, ...]:
        """End, with SIGKILL, the processes of a function that work on something; gives their ids."""
        return self._functions.find(function).kill()

    def reload(self) -> None:
        """Have functions run their code as it is in its folder now; what is at work ends with the old one."""
        for function in self._functions:
            function.reload()

    def fire(self, schedule: str, slot: datetime) -> None:
        """Fire a schedule, by its logical id, for a slot: early, late or twice, as a test wants it."""
        self._scheduler.fire(schedule, slot)

    def settle(self, seconds: float = _SETTLE_SECONDS) -> None:
        """Wait until no message may be received and no function runs for a queue.

        Raises:
            TimeoutError: That takes more than so many seconds of this machine's time.
        """
        self._polling.settle(seconds)

    def advance(self, duration: timedelta, *, seconds: float = _SETTLE_SECONDS) -> None:
        """Move the virtual clock ahead; everything that becomes due on the way happens at its time, in order.

        Args:
            duration: How far.
            seconds: What each step may take at most, of this machine's time.

        Raises:
            DeclarationError: The clock is not virtual.
            TimeoutError: A step takes longer.
        """
        if not self._clock.is_virtual:
            raise DeclarationError("the wall clock cannot be moved; give the emulator start=datetime(...)")
        end = self._clock.now() + duration
        while True:
            self.settle(seconds)
            instants = (self._scheduler.next(), self._polling.due())
            instant = min((instant for instant in instants if instant is not None), default=end)
            self._cloud.move_to(min(instant, end))
            self._scheduler.fire_due()
            if instant >= end:
                self.settle(seconds)
                return

    def _record_stack(self) -> None:
        """Have CloudFormation know the stack's outputs, nested stacks' included, for tools that look for them there."""
        # A template needs a resource; this one is never made.
        body = {
            "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
            "Resources": {"Unmade": {"Type": "AWS::SQS::Queue", "Condition": "Never"}},
            "Outputs": self.stack.described_outputs(),
        }
        self.client("cloudformation").create_stack(StackName=self._stack_name, TemplateBody=json.dumps(body))

    def _tell_of_deployment(self) -> None:
        """Send what CloudFormation sends when a stack is done; a template may have rules for it."""
        details = [
            {"stack-id": stack, "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""}}
            for stack in self.stack.ids
        ]
        entries = [
            {
                "Source": "aws.cloudformation",
                "DetailType": "CloudFormation Stack Status Change",
                "Detail": json.dumps(detail),
            }
            for detail in details
        ]
        self.client("events").put_events(Entries=entries)

    def _stored(self) -> Iterator[tuple[str, StoredSchedule]]:
        """Store the schedules that the template leaves out."""
        deployed = DeployedStacks(self._stack_name, tuple(self.stack.deployed()))
        for schedule in self._apart:
            request = request_of(schedule, deployed)
            self.client("scheduler").create_schedule(**request)
            yield schedule.id, StoredSchedule(name=request["Name"], group=request["GroupName"])

    def _make_functions(self, parts: Mapping[str, Part]) -> Functions:
        return Functions(
            {
                logical_id: Function(setup, self._clock, self._platform(setup), python=self._python, log=self._log)
                for logical_id, setup in _of(parts, FunctionSetup).items()
            }
        )

    def _platform(self, setup: FunctionSetup) -> Mapping[str, str]:
        """Give what the platform adds to the environment of a function."""
        return {
            **CREDENTIALS,
            # As on AWS each function has a key of its own: whoever looks at its requests knows whose they are.
            "AWS_ACCESS_KEY_ID": setup.name,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ENDPOINT_URL": self._cloud.endpoint,
            "AWS_REGION": self._region,
            **self._variables,
        }

    def _source(self, mapped: Mapped) -> Source:
        function = self._functions.find(mapped.function)
        # Nobody waits for a window on a clock that a test moves.
        return Source(self._cloud, mapped, function, gathers=not self._clock.is_virtual, log=self._log)

    def _fill_settings(self) -> None:
        """Store the settings that functions want, except those that the template made itself."""
        for function in self._functions:
            variables = function.setup.variables
            for name, parameter in json.loads(variables.get(CONFIG, "{}")).items():
                if name in self._settings:
                    self.client("ssm").put_parameter(
                        Name=parameter, Value=self._settings[name], Type="String", Overwrite=True
                    )
            for name, secret in json.loads(variables.get(SECRETS, "{}")).items():
                if name in self._settings:
                    self._store_secret(secret, self._settings[name])

    def _store_secret(self, secret: str, value: str) -> None:
        client = self.client("secretsmanager")
        try:
            client.put_secret_value(SecretId=secret, SecretString=value)
        except client.exceptions.ResourceNotFoundException:
            client.create_secret(Name=secret, SecretString=value)


def _of(parts: Mapping[str, Part], kind: type[Any]) -> dict[str, Any]:
    return {logical_id: part for logical_id, part in parts.items() if isinstance(part, kind)}
