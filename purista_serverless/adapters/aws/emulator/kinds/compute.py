"""Functions, what invokes them, and their roles. Functions and mappings are run by the emulator, not by moto."""

import json
from collections.abc import Mapping
from typing import Any

from purista_serverless.adapters.aws.emulator.cloud import ACCOUNT
from purista_serverless.adapters.aws.emulator.environment import FunctionSetup
from purista_serverless.adapters.aws.emulator.resource import Kind, Mapped, Resource, Site
from purista_serverless.errors import DeclarationError

# Lambda begins with this many pollers of a queue, and so with this many invocations at a time.
_FIRST_POLLERS = 5


def create_function(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe a function; its code stays in its folder."""
    if logical_id not in site.code:
        raise DeclarationError(f"the code of function {logical_id} is no folder here; give its CodeUri as a local path")
    name = properties.get("FunctionName") or site.name_of(logical_id)
    arn = site.arn("lambda", f"function:{name}")
    logging = properties.get("LoggingConfig", {})
    reserved = properties.get("ReservedConcurrentExecutions")
    setup = FunctionSetup(
        name=name,
        arn=arn,
        handler=properties["Handler"],
        code=site.code[logical_id],
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        variables={key: str(value) for key, value in properties.get("Environment", {}).get("Variables", {}).items()},
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel"),
        concurrency=None if reserved is None else int(reserved),
    )
    return Resource(ref=name, attributes={"Arn": arn}, part=setup)


def create_version(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Name the one version that there is: the code as it is."""
    arn = f"{_arn(site, properties['FunctionName'])}:1"
    return Resource(ref=arn, attributes={"FunctionArn": arn, "Version": "1"})


def create_alias(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Name an alias of the one version that there is."""
    arn = f"{_arn(site, properties['FunctionName'])}:{properties['Name']}"
    return Resource(ref=arn, attributes={"AliasArn": arn})


def create_mapping(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Describe an event source mapping of a queue."""
    source = str(properties["EventSourceArn"])
    if not source.startswith("arn:aws:sqs:"):
        raise DeclarationError(f"mapping {logical_id}: {source} is no queue; the emulator's mappings know only queues")
    scaling = properties.get("ScalingConfig", {})
    mapped = Mapped(
        queue=source,
        function=properties["FunctionName"],
        batch_size=int(properties.get("BatchSize", 10)),
        window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
        reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ()),
        concurrency=int(scaling.get("MaximumConcurrency", _FIRST_POLLERS)),
    )
    is_enabled = str(properties.get("Enabled", True)).lower() == "true"
    return Resource(ref=site.name_of(logical_id), attributes={"Id": logical_id}, part=mapped if is_enabled else None)


def create_role(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a role with its own policies; those that AWS manages are not there."""
    iam = site.cloud.client("iam")
    name = properties.get("RoleName") or site.name_of(logical_id)
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    for policy in properties.get("Policies", ()):
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    return Resource(ref=name, attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]})


def create_policy(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Put a policy into its roles."""
    name, document = properties["PolicyName"], json.dumps(properties["PolicyDocument"])
    for role in properties.get("Roles", ()):
        site.cloud.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
    return Resource(ref=name)


def create_nothing(site: Site, logical_id: str, _properties: Mapping[str, Any]) -> Resource:
    """Make nothing: it matters where calls are authorised or versions are rolled out, and here neither happens."""
    return Resource(ref=site.name_of(logical_id), attributes={"Id": logical_id})


def _arn(site: Site, function: str) -> str:
    """Give the ARN of a function from its name or its ARN."""
    return (
        function if function.startswith("arn:") else f"arn:aws:lambda:{site.cloud.region}:{ACCOUNT}:function:{function}"
    )


KINDS: Mapping[str, Kind] = {
    "AWS::CodeDeploy::Application": Kind(
        create=create_nothing, inert=frozenset({"ApplicationName", "ComputePlatform"})
    ),
    "AWS::CodeDeploy::DeploymentGroup": Kind(
        create=create_nothing,
        inert=frozenset(
            {
                "AlarmConfiguration",
                "ApplicationName",
                "AutoRollbackConfiguration",
                "DeploymentConfigName",
                "DeploymentStyle",
                "ServiceRoleArn",
            }
        ),
    ),
    "AWS::IAM::Policy": Kind(create=create_policy, used=frozenset({"PolicyDocument", "PolicyName", "Roles"})),
    "AWS::IAM::Role": Kind(
        create=create_role,
        used=frozenset({"AssumeRolePolicyDocument", "Policies", "RoleName"}),
        inert=frozenset(
            {"Description", "ManagedPolicyArns", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"}
        ),
    ),
    "AWS::Lambda::Alias": Kind(
        create=create_alias,
        used=frozenset({"FunctionName", "Name"}),
        inert=frozenset({"Description", "FunctionVersion", "ProvisionedConcurrencyConfig", "RoutingConfig"}),
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(
        create=create_nothing,
        inert=frozenset(
            {"DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"}
        ),
    ),
    "AWS::Lambda::EventSourceMapping": Kind(
        create=create_mapping,
        used=frozenset(
            {
                "BatchSize",
                "Enabled",
                "EventSourceArn",
                "FunctionName",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "ScalingConfig",
            }
        ),
        inert=frozenset({"KmsKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig", "Tags"}),
    ),
    "AWS::Lambda::Function": Kind(
        create=create_function,
        used=frozenset(
            {
                "Code",
                "Environment",
                "FunctionName",
                "Handler",
                "LoggingConfig",
                "MemorySize",
                "PackageType",
                "ReservedConcurrentExecutions",
                "Timeout",
            }
        ),
        inert=frozenset(
            {
                "Architectures",
                "CodeSigningConfigArn",
                "DeadLetterConfig",
                "Description",
                "EphemeralStorage",
                "KmsKeyArn",
                "RecursiveLoop",
                "Role",
                "Runtime",
                "RuntimeManagementConfig",
                "SnapStart",
                "Tags",
                "TracingConfig",
                "VpcConfig",
            }
        ),
    ),
    "AWS::Lambda::Permission": Kind(
        create=create_nothing,
        inert=frozenset(
            {
                "Action",
                "EventSourceToken",
                "FunctionName",
                "FunctionUrlAuthType",
                "InvokedViaFunctionUrl",
                "Principal",
                "SourceAccount",
                "SourceArn",
            }
        ),
    ),
    "AWS::Lambda::Version": Kind(
        create=create_version,
        used=frozenset({"FunctionName"}),
        inert=frozenset({"CodeSha256", "Description", "ProvisionedConcurrencyConfig", "RuntimePolicy"}),
    ),
}
