"""A small shop over HTTP: one command of each kind, and a queue whose jobs are accepted with 202."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from purista_serverless import (
    Application,
    CancelJob,
    Cors,
    Delete,
    Get,
    HandledError,
    HttpRequest,
    Identity,
    Model,
    Patch,
    Post,
    Put,
    RetryLater,
    ServiceBuilder,
)

TOKENS = {
    "ann": Identity(principal_id="ann", tenant_id="acme"),
    "bob": Identity(principal_id="bob", tenant_id="acme"),
    "eve": Identity(principal_id="ann", tenant_id="evil"),
}


def numeric(value: Any) -> Any:
    """Refuse texts and booleans: pydantic would read them as numbers, which the OpenAPI document does not promise."""
    if isinstance(value, str | bool):
        raise ValueError("Input should be a number")  # noqa: TRY004 - a validator refuses with this
    return value


Number = Annotated[int, BeforeValidator(numeric)]


class Line(Model):
    """One line of an order."""

    article: str = Field(min_length=1, max_length=20)
    amount: Number = Field(ge=1, le=99)


class Order(Model):
    """What is ordered."""

    lines: list[Line] = Field(min_length=1, max_length=5)
    note: str | None = Field(default=None, max_length=200)


class Ordered(Model):
    """What was ordered, and for whom."""

    amount: int
    principal: str | None
    tenant: str | None


class OrderPath(Model):
    """Which order."""

    order_id: int = Field(ge=1, le=10**6)


class Search(Model):
    """What to look for."""

    article: str
    page_size: int = Field(default=10, ge=1, le=100)
    tags: list[str] = Field(default=[], max_length=3)
    in_stock: bool | None = None
    order: Literal["name", "price"] = "name"


class Export(Model):
    """What to export."""

    year: Number = Field(ge=2000, le=2100)


class Misfortune(Model):
    """How a command ends."""

    kind: Literal["rejected", "retry", "failed", "cancelled", "unhelpful"]


def seen(request: HttpRequest) -> Identity | None:
    """Tell who asks from a token that is a name."""
    if request.bearer_token == "banned":  # noqa: S105 - a name
        raise HandledError(403, "you are not welcome", {"until": "2027"})
    return TOKENS.get(request.bearer_token or "")


def trimmed(line: Any) -> Any:
    """Take blanks off an article's name; whatever is no article is left to the type to refuse."""
    name = line.get("article") if isinstance(line, dict) else None
    return {**line, "article": name.strip() or name} if isinstance(name, str) else line


def build(authenticate: Any = seen, cors: Cors | None = None) -> Application:
    """Declare the shop anew: each test may have one of its own."""
    shop = ServiceBuilder("Shop", version="2", description="Sells things")
    exports = shop.queue("shop.exports", Export, "Write one year's orders to a file", result=int)
    ordered = shop.event("shop.ordered", Ordered)

    @shop.command(
        "placeOrder",
        Order,
        Ordered,
        "Place an order",
        http=Post("/orders", status=201, tags=("orders",), max_body=50_000),
        success_event="shop.orderPlaced",
    ).handler(can_emit=[ordered])
    def place(ctx: Any, payload: Order) -> Ordered:
        total = sum(line.amount for line in payload.lines)
        answer = Ordered(amount=total, principal=ctx.principal_id, tenant=ctx.tenant_id)
        ctx.emit(ordered, answer)
        return answer

    @shop.command("findOrder", None, Ordered, parameter=OrderPath, http=Get("/orders/{orderId}")).handler()
    async def find(ctx: Any, payload: None, parameter: OrderPath) -> Ordered:
        return Ordered(amount=parameter.order_id, principal=ctx.principal_id, tenant=ctx.tenant_id)

    @shop.command("cancelOrder", parameter=OrderPath, payload=None, http=Delete("/orders/{orderId}")).handler()
    def cancel(ctx: Any, payload: None, parameter: OrderPath) -> None:
        return None

    @shop.command("replaceOrder", Order, int, parameter=OrderPath, http=Put("/orders/{orderId}")).handler()
    def replace(ctx: Any, payload: Order, parameter: OrderPath) -> int:
        return len(payload.lines) * parameter.order_id

    @shop.command("latest", http=Get("/orders/latest", public=True))
    def latest(ctx: Any, payload: None) -> Ordered | None:
        return None

    @shop.command("search", None, dict[str, Any], parameter=Search, http=Get("/articles", public=True)).handler()
    def search(ctx: Any, payload: None, parameter: Search) -> dict[str, Any]:
        return parameter.model_dump()

    @shop.command("rename", Line, Line, http=Patch("/articles", public=True)).handler(transform_input=trimmed)
    def rename(ctx: Any, payload: Line) -> Line:
        return payload

    @shop.command("export", Export, str, http=Post("/exports", mode="async")).handler(can_enqueue=[exports])
    def export(ctx: Any, payload: Export) -> str:
        return str(ctx.enqueue(exports, payload))

    @exports.worker()
    def write(ctx: Any, job: Export) -> int:
        ctx.progress({"done": 1, "of": 2})
        return job.year

    return Application("shop", [shop], authenticate=authenticate, cors=cors)


def build_misfortune() -> Application:
    """Declare a command that ends as it is told, and one that takes too long."""
    luck = ServiceBuilder("Luck")

    @luck.command("end", Misfortune, None, http=Post("/end", public=True)).handler()
    def end(ctx: Any, payload: Misfortune) -> None:
        match payload.kind:
            case "rejected":
                raise HandledError(409, "that was taken", {"by": "bob"})
            case "retry":
                raise RetryLater(timedelta(milliseconds=2_100), "the secret backlog")
            case "cancelled":
                raise CancelJob("the secret plan")
            case "unhelpful":
                raise HandledError(418)
            case "failed":
                raise RuntimeError("the secret cause")

    return Application("luck", [luck])
