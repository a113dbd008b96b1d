"""The files of a deployment: a template per stack, and ``samconfig.toml``."""

from collections.abc import Mapping
from json import dumps
from typing import Any

from purista_serverless.adapters.aws.options import Options
from purista_serverless.adapters.aws.plan.layout import ROOT
from purista_serverless.adapters.aws.plan.resources import Alarm, Function, Output, Parameter, Queue, Stack, Sub
from purista_serverless.adapters.aws.plan.stacks import Deployment
from purista_serverless.adapters.aws.render.queueing import ALARMED, OVERRIDDEN
from purista_serverless.adapters.aws.render.resources import rendered
from purista_serverless.adapters.aws.render.yaml import Call, to_yaml
from purista_serverless.synth.marker import MARKER


def render(deployment: Deployment) -> dict[str, str]:
    """Render a plan, by path from the project's root."""
    files = {stack.path: _template(stack, deployment) for stack in deployment.stacks}
    return {**files, "samconfig.toml": _samconfig(deployment)}


def _template(stack: Stack, deployment: Deployment) -> str:
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": stack.description,
    }
    if stack.parameters:
        template["Parameters"] = {parameter.name: _parameter(parameter) for parameter in stack.parameters}
    if conditions := {name: text for name, (needed_by, text) in _CONDITIONS.items() if _holds(stack, needed_by)}:
        template["Conditions"] = conditions
    if _holds(stack, Function):
        template["Globals"] = {"Function": _globals(deployment.options, stack)}
    resources: dict[str, Any] = {}
    for resource in stack.resources:
        resources.update(rendered(resource, deployment.options))
    template["Resources"] = resources
    if stack.outputs:
        template["Outputs"] = {output.name: _output(output) for output in stack.outputs}
    return f"# {MARKER}\n{to_yaml(template)}"


_CONDITIONS: Mapping[str, tuple[type, Any]] = {
    ALARMED: (Alarm, Call("Not", (Call("Equals", (Sub("${AlarmTopic}"), "")),))),
    OVERRIDDEN: (Queue, Call("Not", (Call("Equals", (Sub("${VisibilityTimeout}"), "0")),))),
}


def _holds(stack: Stack, kind: type) -> bool:
    return any(isinstance(resource, kind) for resource in stack.resources)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    written: dict[str, Any] = {"Type": parameter.type, "Description": parameter.description}
    if parameter.default is not None:
        written["Default"] = parameter.default
    if parameter.allowed:
        written["AllowedValues"] = parameter.allowed
    if parameter.pattern is not None:
        written["AllowedPattern"] = parameter.pattern
    if parameter.longest is not None:
        written["MaxLength"] = parameter.longest
    return written


def _globals(options: Options, stack: Stack) -> dict[str, Any]:
    written: dict[str, Any] = {
        "CodeUri": "." if stack.name == ROOT else "../..",
        "Runtime": f"python{options.python}",
        "Architectures": (Sub("${Architecture}"),),
        "MemorySize": options.memory,
        "AutoPublishAlias": options.alias,
        "LoggingConfig": {
            "LogFormat": "JSON",
            "ApplicationLogLevel": options.log_level,
            "SystemLogLevel": "INFO",
        },
    }
    if options.canary is not None:
        written["DeploymentPreference"] = {"Type": options.canary}
    if options.snap_start:
        written["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    return written


def _output(output: Output) -> dict[str, Any]:
    return {"Description": output.description, "Value": output.value}


def _samconfig(deployment: Deployment) -> str:
    options = deployment.options
    lines = [
        f"# {MARKER}",
        "version = 0.1",
        "",
        "[default.global.parameters]",
        f"stack_name = {_quoted(deployment.stack_name)}",
        "",
        "[default.build.parameters]",
        "cached = true",
        "parallel = true",
        "",
        "[default.validate.parameters]",
        "lint = true",
        "",
        "[default.deploy.parameters]",
        'capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]',
        "confirm_changeset = true",
        "resolve_s3 = true",
    ]
    if options.parameters:
        lines.append(f"parameter_overrides = {_pairs(options.parameters)}")
    if options.tags:
        lines.append(f"tags = {_pairs(options.tags)}")
    return "\n".join(lines) + "\n"


def _pairs(values: Mapping[str, str]) -> str:
    return f"[{', '.join(_quoted(f'{name}={value}') for name, value in sorted(values.items()))}]"


def _quoted(text: str) -> str:
    # A text of JSON is a text of TOML.
    return dumps(text, ensure_ascii=False)
