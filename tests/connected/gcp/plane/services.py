"""What single services do otherwise than most: how they complete resources, and which methods are their own."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import md5

from tests.connected.gcp.plane.discovery import Refusal, invalid
from tests.connected.gcp.plane.store import Request, Resource, Store

NUMBER = "123456789012"
BUILDER = f"{NUMBER}-compute@developer.gserviceaccount.com"
RUNTIMES = ("python311", "python312", "python313")
# What a project can use without having it enabled first.
ALWAYS_ENABLED = frozenset({"cloudresourcemanager", "serviceusage", "storage"})
SUFFIX = ".gcp.test"
_LONG_AGO = "2026-01-01T00:00:00Z"


def complete_function(name: str, function: Resource) -> Resource:
    """Give a function as it is when its build has ended."""
    _, project, _, region, _, short = name.split("/")
    service = {
        **function.get("serviceConfig", {}),
        "service": f"projects/{project}/locations/{region}/services/{short}",
        "uri": f"https://{short}-{NUMBER}.{region}.run.app",
        "revision": f"{short}-00001",
    }
    return {
        **function,
        "name": name,
        "serviceConfig": service,
        "state": "ACTIVE",
        "environment": "GEN_2",
        "url": f"https://{region}-{project}.cloudfunctions.net/{short}",
        "updateTime": _LONG_AGO,
    }


def complete_job(name: str, job: Resource) -> Resource:
    """Give a job of Cloud Scheduler with what it has by default."""
    return {"state": "ENABLED", "timeZone": "Etc/UTC", "userUpdateTime": _LONG_AGO, **job}


def complete_queue(name: str, queue: Resource) -> Resource:
    """Give a queue of Cloud Tasks, which runs."""
    return {"state": "RUNNING", **queue}


COMPLETED: dict[str, Callable[[str, Resource], Resource]] = {
    "cloudfunctions": complete_function,
    "cloudscheduler": complete_job,
    "cloudtasks": complete_queue,
}


def project(store: Store, request: Request) -> Resource:
    """Describe a project; every one exists."""
    name = request.name.rpartition("/")[2]
    return {"projectId": name, "projectNumber": NUMBER, "name": name, "lifecycleState": "ACTIVE"}


def services(store: Store, request: Request) -> Resource:
    """List the services that are enabled."""
    return {"services": list(store.named(request.key).values())}


def enable(store: Store, request: Request) -> Resource:
    """Enable services, one by its path or many by the body."""
    parent, _, single = request.name.partition("/services")
    names = request.body.get("serviceIds", [single.strip("/")])
    for name in names:
        path = f"{parent}/services/{name}"
        enabled = {"name": path, "config": {"name": name}, "state": "ENABLED"}
        store.resources[f"serviceusage/{path}"] = enabled
    return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}}


def runtimes(store: Store, request: Request) -> Resource:
    """List the runtimes of functions."""
    return {
        "runtimes": [
            {"name": name, "displayName": name, "stage": "GA", "state": "GA", "environment": "GEN_2"}
            for name in RUNTIMES
        ]
    }


def builder(store: Store, request: Request) -> Resource:
    """Name the account that builds functions where none is chosen."""
    return {"name": request.name, "serviceAccountEmail": f"projects/-/serviceAccounts/{BUILDER}"}


def account(store: Store, request: Request) -> Resource:
    """Describe a service account; that which builds is there from the beginning."""
    if request.name.endswith(f"/{BUILDER}"):
        return {"name": request.name, "email": BUILDER}
    return store.found(request.key)


def create_account(store: Store, request: Request) -> Resource:
    """Create a service account, whose name is its address."""
    project_id = request.name.split("/")[1]
    email = f"{request.body['accountId']}@{project_id}.iam.gserviceaccount.com"
    name = f"{request.name}/{email}"
    if f"iam/{name}" in store.resources:
        raise Refusal(409, "ALREADY_EXISTS", f"{name} already exists")
    account = {**request.body.get("serviceAccount", {}), "name": name, "email": email, "projectId": project_id}
    store.resources[f"iam/{name}"] = account
    return account


def change_account(store: Store, request: Request) -> Resource:
    """Change a service account, whose body holds it and the mask."""
    account = store.found(request.key)
    changed = request.body["serviceAccount"]
    for field in request.body["updateMask"].split(","):
        account[field] = changed.get(field, "")
    return account


def add_version(store: Store, request: Request) -> Resource:
    """Add a version to a secret; its value is not kept."""
    store.found(request.key)
    number = len(store.named(f"{request.key}/versions")) + 1
    name = f"{request.name}/versions/{number}"
    version = {"name": name, "state": "ENABLED", "clientSpecifiedPayloadChecksum": True}
    store.resources[f"{request.key}/versions/{number}"] = version
    return version


def upload(store: Store, request: Request) -> Resource:
    """Keep a file; clients compare the hash."""
    name = f"{request.name}/{request.body['name']}"
    digest = md5(request.file, usedforsecurity=False).digest()
    written = {**request.body, "size": len(request.file), "md5Hash": b64encode(digest).decode()}
    store.resources[f"storage/{name}"] = written
    store.files[request.body["name"]] = request.file
    return written


def write_field(store: Store, request: Request) -> Resource:
    """Configure a field of a collection, which needs not have been there before."""
    database = request.name.partition("/collectionGroups/")[0]
    store.found(f"firestore/{database}")
    field = {"name": request.name, "ttlConfig": {"state": "ACTIVE"}} if "ttlConfig" in request.body else {}
    store.resources[request.key] = field
    return {"name": f"{database}/operations/ttl", "done": True, "response": {"@type": "type.googleapis.com/field"}}


OWN: dict[str, Callable[[Store, Request], Resource]] = {
    "cloudbuild.projects.locations.getDefaultServiceAccount": builder,
    "cloudfunctions.projects.locations.runtimes.list": runtimes,
    "cloudresourcemanager.projects.get": project,
    "firestore.projects.databases.collectionGroups.fields.patch": write_field,
    "iam.projects.serviceAccounts.create": create_account,
    "iam.projects.serviceAccounts.get": account,
    "iam.projects.serviceAccounts.patch": change_account,
    "secretmanager.projects.secrets.addVersion": add_version,
    "serviceusage.services.batchEnable": enable,
    "storage.objects.insert": upload,
    "serviceusage.services.enable": enable,
    "serviceusage.services.list": services,
}


def check_references(store: Store, request: Request) -> None:
    """Check that what a request names exists, as Google does.

    Raises:
        Refusal: An account, a runtime or the version of a secret does not exist.
    """
    if request.method.name == "setIamPolicy":
        for binding in request.body.get("policy", request.body).get("bindings", ()):
            for member in binding["members"]:
                _check_account(store, member.removeprefix("serviceAccount:"))
    if request.service == "cloudfunctions" and request.method.name in {"create", "patch"}:
        _check_function(store, request.name.split("/")[1], request.body)


def _check_function(store: Store, project_id: str, function: Resource) -> None:
    source = function["buildConfig"]["source"]["storageSource"]
    store.found(f"storage/b/{source['bucket']}/o/{source['object']}")
    config = function.get("serviceConfig", {})
    _check_account(store, config.get("serviceAccountEmail", ""))
    for secret in config.get("secretEnvironmentVariables", ()):
        name = f"secretmanager/projects/{project_id}/secrets/{secret['secret']}"
        if not store.named(f"{name}/versions"):
            raise invalid(f"the secret {secret['secret']} has no version")


def _check_account(store: Store, email: str) -> None:
    project_id = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    if email.endswith(".iam.gserviceaccount.com") and not project_id.startswith("gcp-sa-"):
        name = f"iam/projects/{project_id}/serviceAccounts/{email}"
        if name not in store.resources:
            raise invalid(f"service account {email} does not exist")
