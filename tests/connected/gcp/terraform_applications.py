"""Applications whose configurations Terraform is given, and how they are rendered."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from examples.enterprise_billing_cycle.app import app
from purista_serverless import (
    Application,
    Command,
    Cron,
    Get,
    Lifecycle,
    LongRunning,
    Model,
    Post,
    Queue,
    ServiceBuilder,
    model,
)
from purista_serverless.adapters.gcp.render.terraform.files import FILE
from purista_serverless.synth.pipeline import render
from purista_serverless.testing.contracts.sample import sample_application
from tests.unit.gcp.plan.deployments import adapter_with


class Order(Model):
    """An order."""

    number: str
    customer: str = ""


class Place(Model):
    """What a path holds."""

    number: str


_SHORT = Lifecycle(visibility=timedelta(seconds=60), heartbeat=timedelta(seconds=20))


def everything() -> Application:
    """Make an application with every kind of edge, and with contracts of other systems."""
    shop = ServiceBuilder("Shop", version="2", description="Sells")
    legacy = ServiceBuilder("Legacy", version="1", description="Ships")
    paid, sent = shop.event("shop.paid", Order), legacy.event("legacy.sent", Order)
    packing = shop.queue("shop.packing", Order, "Pack", lifecycle=_SHORT)
    ordered = shop.queue("shop.ordered", Order, "One after the other", ordering_key="payload.customer")
    printing = shop.queue(
        "shop.printing", Order, "Print for hours", profile=LongRunning(max_runtime=timedelta(hours=2))
    )
    strict = shop.queue("shop.strict", Order, "Once")
    abroad = Queue.external("abroad.orders", Order)
    quote = Command.external("Rates", "3", "quote", Order, Order)
    token, rate = shop.secret("TOKEN"), shop.config("RATE", int, default=1)
    ordering = shop.command("order", Order, Order, "Order", http=Post("/orders/{number}"), parameter=Place)
    listing = shop.command("list", None, Order, "List", http=Get("/orders", public=True))

    @ordering.handler(can_emit=[paid], can_enqueue=[packing, ordered, abroad], uses=[token, rate])
    def order(_ctx, payload: Order, parameter: Place) -> Order:
        return payload

    @listing.handler(can_invoke=[ordering, quote])
    def list_orders(_ctx, payload: None) -> Order:
        return Order(number="1")

    @packing.worker(can_emit=[sent])
    def pack(_ctx, job: Order) -> None:
        """Pack."""

    @ordered.worker(can_enqueue=[packing])
    def follow(_ctx, job: Order) -> None:
        """Follow."""

    @printing.worker(uses=[token])
    def print_orders(_ctx, job: Order) -> None:
        """Print."""

    @strict.worker()
    def once(_ctx, job: Order) -> None:
        """Do it once."""

    @legacy.subscribe(paid, "ship", sender_service="Shop", sender_version="2", tenant_id="acme")
    def ship(_ctx, payload: Order) -> None:
        """Ship."""

    @legacy.subscribe(None, "audit", message_type="customMessage")
    def audit(_ctx, payload: Order) -> None:
        """Audit."""

    shop.bind_event_to_queue(paid, packing)
    shop.bind_event_to_queue(paid, strict, idempotency_mode="strict", idempotency_key="payload.number")
    static = Order(number="1", customer='${number} %{if} "quoted"')
    nightly = Cron("0 2 * * *")
    shop.schedule("static", "Direct").enqueue(packing, expression=nightly, payload=static)
    shop.schedule("calling", "Order one").invoke(
        ordering, expression=nightly, payload=static, parameter=Place(number="1")
    )
    shop.schedule("gated", "Computed, one at a time").enqueue(
        packing,
        expression=Cron("*/10 9-17 * * MON-FRI"),
        timezone="Europe/Berlin",
        concurrency_policy="forbid",
        missed_run_policy="catchUp",
        payload=lambda slot: Order(number=f"{slot:%Y}"),
    )
    shop.schedule("paused", "Not now").emit_event(paid, expression=nightly, payload=static, enabled=False)
    return Application("everything", [shop, legacy])


def large(workers: int, *, services: int) -> Application:
    """Make an application with some workers, each with a queue, an event and a schedule, in each of some services."""
    return Application("large", [_service(number, workers // services) for number in range(services)])


def _service(number: int, workers: int) -> ServiceBuilder:
    service = ServiceBuilder(f"Service{number}", version="1", description="One of many")
    for place in range(workers):
        _add(service, f"service{number}.part{place}", f"Part{place}")
    return service


def _add(service: ServiceBuilder, name: str, handler: str) -> None:
    done, jobs = service.event(f"{name}.done", Order), service.queue(f"{name}.jobs", Order, "Jobs")

    @jobs.worker(name=f"work{handler}", can_emit=[done])
    def work(_ctx, job: Order) -> None:
        """Work."""

    @service.subscribe(done, f"listen{handler}")
    def listen(_ctx, payload: Order) -> None:
        """Listen."""

    service.schedule(f"start{handler}", "Start").enqueue(
        jobs, expression=Cron("0 2 * * *"), payload=lambda slot: Order(number=f"{slot:%Y}")
    )


APPLICATIONS: Mapping[str, model.Application] = {
    "example": app.model,
    "sample": sample_application(),
    "everything": everything().model,
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "rich": {"claim_check": True, "tenant_claim": "tenant", "region": "europe-west4", "labels": {"team": "billing"}},
    "bare": {"authorizer": "iam", "alerts": False, "ingress": "internal", "schedules_apart": True},
}


def configuration_of(application: model.Application, options: Mapping[str, Any]) -> dict[str, Any]:
    """Render Terraform's configuration."""
    configuration: dict[str, Any] = json.loads(render(application, adapter_with(**options))[FILE])
    return configuration
