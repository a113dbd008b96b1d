"""The table of records, and the bucket of large bodies."""

from purista_serverless.adapters.aws.constants import EXPIRES, PARTITION_KEY, SORT_KEY
from purista_serverless.adapters.aws.plan.resources import Bucket
from purista_serverless.adapters.aws.render.properties import KEPT, Properties


def table() -> Properties:
    """Give the table of records."""
    keys = ((PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE"))
    return {
        "Type": "AWS::DynamoDB::Table",
        **KEPT,
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": tuple({"AttributeName": name, "AttributeType": "S"} for name, _ in keys),
            "KeySchema": tuple({"AttributeName": name, "KeyType": kind} for name, kind in keys),
            "TimeToLiveSpecification": {"AttributeName": EXPIRES, "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
        },
    }


def bucket(planned: Bucket) -> Properties:
    """Give the bucket of large bodies, of which each is kept for as long as a reference to it could be."""
    expiry = {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": planned.days}
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {
        "Type": "AWS::S3::Bucket",
        **KEPT,
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": (encryption,)},
            "LifecycleConfiguration": {"Rules": (expiry,)},
            "OwnershipControls": {"Rules": ({"ObjectOwnership": "BucketOwnerEnforced"},)},
            "PublicAccessBlockConfiguration": dict.fromkeys(closed, True),
        },
    }
