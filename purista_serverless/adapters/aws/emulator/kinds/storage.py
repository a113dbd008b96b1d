"""Tables, buckets, settings, logs, alarms and keys."""

import json
from collections.abc import Mapping
from typing import Any

from purista_serverless.adapters.aws.emulator.resource import Kind, Resource, Site

_ALARM = frozenset(
    {
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluationPeriods",
        "ExtendedStatistic",
        "InsufficientDataActions",
        "MetricName",
        "Metrics",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
        "Unit",
    }
)
_TABLE = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "TableName",
    }
)


def create_table(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a table; as on AWS, items stay for a while after they expire."""
    dynamodb = site.cloud.client("dynamodb")
    name = properties.get("TableName") or site.name_of(logical_id, 255)
    options = {key: value for key, value in properties.items() if key in _TABLE}
    dynamodb.create_table(**{**options, "TableName": name})
    if ttl := properties.get("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    return Resource(ref=name, attributes={"Arn": site.arn("dynamodb", f"table/{name}")})


def create_bucket(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a bucket; nothing in it expires."""
    name = properties.get("BucketName") or site.name_of(logical_id, 63).lower()
    place = {"LocationConstraint": site.cloud.region}
    options = {} if site.cloud.region == "us-east-1" else {"CreateBucketConfiguration": place}
    site.cloud.client("s3").create_bucket(Bucket=name, **options)
    domain = f"{name}.s3.amazonaws.com"
    return Resource(ref=name, attributes={"Arn": f"arn:aws:s3:::{name}", "DomainName": domain})


def create_bucket_policy(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store a policy with its bucket."""
    policy = json.dumps(properties["PolicyDocument"])
    site.cloud.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return Resource(ref=properties["Bucket"])


def create_parameter(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store a parameter."""
    name = properties.get("Name") or site.name_of(logical_id, 1000)
    value, kind = str(properties["Value"]), properties.get("Type", "String")
    site.cloud.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
    return Resource(ref=name, attributes={"Type": kind, "Value": value})


def create_secret(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store a secret; one without a value is empty until somebody sets it."""
    name = properties.get("Name") or site.name_of(logical_id, 512)
    options = {"SecretString": properties["SecretString"]} if "SecretString" in properties else {}
    arn = site.cloud.client("secretsmanager").create_secret(Name=name, **options)["ARN"]
    return Resource(ref=arn, attributes={"Id": arn})


def create_log_group(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a log group; what functions print goes to the emulator's own log."""
    name = properties.get("LogGroupName") or site.name_of(logical_id, 512)
    logs = site.cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    if days := properties.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    return Resource(ref=name, attributes={"Arn": site.arn("logs", f"log-group:{name}:*")})


def create_alarm(site: Site, logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Store an alarm; as there are no metrics, it never goes off."""
    name = properties.get("AlarmName") or site.name_of(logical_id, 255)
    options = {key: value for key, value in properties.items() if key in _ALARM}
    site.cloud.client("cloudwatch").put_metric_alarm(**{**options, "AlarmName": name})
    return Resource(ref=name, attributes={"Arn": site.arn("cloudwatch", f"alarm:{name}")})


def create_key(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Make a key."""
    key = site.cloud.client("kms").create_key(Policy=json.dumps(properties["KeyPolicy"]))["KeyMetadata"]
    return Resource(ref=key["KeyId"], attributes={"Arn": key["Arn"], "KeyId": key["KeyId"]})


def create_key_alias(site: Site, _logical_id: str, properties: Mapping[str, Any]) -> Resource:
    """Give a key another name."""
    name = properties["AliasName"]
    site.cloud.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Resource(ref=name)


KINDS: Mapping[str, Kind] = {
    "AWS::CloudWatch::Alarm": Kind(create=create_alarm, used=_ALARM, inert=frozenset({"Tags"})),
    "AWS::DynamoDB::Table": Kind(
        create=create_table,
        used=_TABLE | {"TimeToLiveSpecification"},
        inert=frozenset({"DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "SSESpecification", "Tags"}),
    ),
    "AWS::KMS::Alias": Kind(create=create_key_alias, used=frozenset({"AliasName", "TargetKeyId"})),
    "AWS::KMS::Key": Kind(
        create=create_key,
        used=frozenset({"KeyPolicy"}),
        inert=frozenset({"Description", "EnableKeyRotation", "Enabled", "PendingWindowInDays", "Tags"}),
    ),
    "AWS::Logs::LogGroup": Kind(
        create=create_log_group,
        used=frozenset({"LogGroupName", "RetentionInDays"}),
        inert=frozenset({"KmsKeyId", "LogGroupClass", "Tags"}),
    ),
    "AWS::S3::Bucket": Kind(
        create=create_bucket,
        used=frozenset({"BucketName"}),
        inert=frozenset(
            {
                "BucketEncryption",
                "LifecycleConfiguration",
                "ObjectLockConfiguration",
                "ObjectLockEnabled",
                "OwnershipControls",
                "PublicAccessBlockConfiguration",
                "Tags",
                "VersioningConfiguration",
            }
        ),
    ),
    "AWS::S3::BucketPolicy": Kind(create=create_bucket_policy, used=frozenset({"Bucket", "PolicyDocument"})),
    "AWS::SSM::Parameter": Kind(
        create=create_parameter,
        used=frozenset({"Name", "Type", "Value"}),
        inert=frozenset({"AllowedPattern", "Description", "Tags", "Tier"}),
    ),
    "AWS::SecretsManager::Secret": Kind(
        create=create_secret,
        used=frozenset({"Name", "SecretString"}),
        inert=frozenset({"Description", "GenerateSecretString", "KmsKeyId", "Tags"}),
    ),
}
