"""The database of records, the buckets, and the containers of secrets."""

from typing import assert_never

from purista_serverless.adapters.gcp.plan.resources import Bucket, Database, Secret, Sub, Ttl
from purista_serverless.adapters.gcp.render.terraform.addresses import Addresses
from purista_serverless.adapters.gcp.render.terraform.expressions import expression, template
from purista_serverless.adapters.gcp.render.terraform.values import Arguments, named


def storage(resource: Database | Ttl | Bucket | Secret, addresses: Addresses) -> Arguments:
    """Give the arguments of what keeps data."""
    match resource:
        case Database():
            return _database(resource)
        case Ttl():
            return {
                "database": addresses.attribute(resource.database, "name"),
                "collection": resource.collection,
                "field": resource.field,
                "ttl_config": {},
            }
        case Bucket():
            return {**bucket(resource.full_name), "lifecycle_rule": [_expiry(resource.days)]}
        case Secret():
            return {"secret_id": named(resource.name), "replication": {"auto": {}}}
        case _:
            assert_never(resource)


def bucket(name: Sub) -> Arguments:
    """Give the arguments of a bucket that nobody outside of the project sees."""
    return {
        "name": template(name),
        "location": expression("var.region"),
        "uniform_bucket_level_access": True,
        "public_access_prevention": "enforced",
    }


def _database(database: Database) -> Arguments:
    return {
        "name": named(database.name),
        "location_id": template(database.location),
        "type": "FIRESTORE_NATIVE",
        # Without its records what has run once would run again: a destroyed deployment leaves them behind.
        "delete_protection_state": "DELETE_PROTECTION_ENABLED",
        "deletion_policy": "ABANDON",
    }


def _expiry(days: int) -> Arguments:
    return {"condition": {"age": days}, "action": {"type": "Delete"}}
