"""A stand-in for Cloud Scheduler that the real client speaks to over gRPC; it keeps the client's own messages."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud import scheduler_v1
from google.protobuf import empty_pb2

_SERVICE = "/google.cloud.scheduler.v1.CloudScheduler/"
_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/jobs/[A-Za-z0-9_-]{1,500}")
_PAGE = 2

Job: Any = scheduler_v1.Job


class CloudScheduler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Keep jobs.

    Attributes:
        jobs: By their full names.
        calls: Names of the methods that were called, in order.
        failures: What the next calls of a method fail with, and whether they take effect all the same.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.calls: list[str] = []
        self.failures: dict[str, list[tuple[grpc.StatusCode, bool]]] = {}
        self._methods: dict[str, tuple[Any, Callable[[Any, Any], bytes]]] = {
            "CreateJob": (scheduler_v1.CreateJobRequest, self._create),
            "DeleteJob": (scheduler_v1.DeleteJobRequest, self._delete),
            "GetJob": (scheduler_v1.GetJobRequest, self._get),
            "ListJobs": (scheduler_v1.ListJobsRequest, self._list),
            "PauseJob": (scheduler_v1.PauseJobRequest, self._pause),
            "ResumeJob": (scheduler_v1.ResumeJobRequest, self._resume),
            "UpdateJob": (scheduler_v1.UpdateJobRequest, self._update),
        }

    def fail(self, method: str, status: grpc.StatusCode, *, times: int = 1, takes_effect: bool = False) -> None:
        """Let the next calls of a method fail."""
        self.failures.setdefault(method, []).extend([(status, takes_effect)] * times)

    def service(self, handler_call_details: Any) -> Any:
        """Find the method that is called."""
        method = handler_call_details.method.removeprefix(_SERVICE)
        if method not in self._methods:
            return None
        request_type, answer = self._methods[method]

        def call(request: Any, context: Any) -> bytes:
            self.calls.append(method)
            status, takes_effect = self.failures[method].pop(0) if self.failures.get(method) else (None, True)
            given: bytes = answer(request, context) if takes_effect else b""
            if status is not None:
                context.abort(status, "injected")
            return given

        return grpc.unary_unary_rpc_method_handler(call, request_deserializer=request_type.deserialize)

    def _create(self, request: Any, context: Any) -> bytes:
        job = request.job
        if job.name in self.jobs:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"Job {job.name} already exists.")
        return self._keep(job, Job.State.ENABLED, context)

    def _update(self, request: Any, context: Any) -> bytes:
        kept, given = Job.pb(self._found(request.job.name, context)), Job.pb(request.job)
        paths = list(request.update_mask.paths) or [field.name for field, _ in given.ListFields()]
        for path in paths:
            kept.ClearField(path)
            if given.DESCRIPTOR.fields_by_name[path].message_type:
                getattr(kept, path).CopyFrom(getattr(given, path))
            else:
                setattr(kept, path, getattr(given, path))
        return self._keep(Job.wrap(kept), kept.state, context)

    def _keep(self, job: Any, state: Any, context: Any) -> bytes:
        is_valid = _NAME.fullmatch(job.name) and len(job.schedule.split()) == 5 and job.pubsub_target.topic_name
        if not is_valid or len(job.description) > 500 or not 0 <= job.retry_config.retry_count <= 5:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Job {job.name} is invalid.")
        job.state = state
        self.jobs[job.name] = job
        return bytes(Job.serialize(job))

    def _found(self, name: str, context: Any) -> Any:
        if name not in self.jobs:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Job {name} not found.")
        return self.jobs[name]

    def _get(self, request: Any, context: Any) -> bytes:
        return bytes(Job.serialize(self._found(request.name, context)))

    def _list(self, request: Any, _: Any) -> bytes:
        names = sorted(name for name in self.jobs if name.startswith(f"{request.parent}/jobs/"))
        begin = int(request.page_token or 0)
        page, rest = names[begin : begin + _PAGE], names[begin + _PAGE :]
        answer = scheduler_v1.ListJobsResponse(
            jobs=[self.jobs[name] for name in page], next_page_token=str(begin + _PAGE) if rest else ""
        )
        return bytes(scheduler_v1.ListJobsResponse.serialize(answer))

    def _delete(self, request: Any, context: Any) -> bytes:
        self._found(request.name, context)
        del self.jobs[request.name]
        return bytes(empty_pb2.Empty().SerializeToString())

    def _pause(self, request: Any, context: Any) -> bytes:
        return self._switch(request, Job.State.ENABLED, Job.State.PAUSED, context)

    def _resume(self, request: Any, context: Any) -> bytes:
        return self._switch(request, Job.State.PAUSED, Job.State.ENABLED, context)

    def _switch(self, request: Any, was: Any, now: Any, context: Any) -> bytes:
        job = self._found(request.name, context)
        if job.state != was:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"Job {job.name} must be {was.name}.")
        return self._keep(job, now, context)


@contextmanager
def served(scheduler: CloudScheduler) -> Iterator[str]:
    """Serve it on loopback and give its address."""
    server = grpc.server(ThreadPoolExecutor(2), handlers=[scheduler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def client_at(host: str) -> Any:
    """Give Google's own client for a scheduler at an address."""
    from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerGrpcTransport

    return scheduler_v1.CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=grpc.insecure_channel(host)))
