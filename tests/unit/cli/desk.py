"""An application that every provider can keep."""

from purista_serverless import Application, Context, Model, ServiceBuilder


class Order(Model):
    """What somebody wants."""

    sku: str


desk = ServiceBuilder("Desk")
packing = desk.queue("desk.packing", Order)


@packing.worker()
def pack(ctx: Context, order: Order) -> None:
    """Pack."""


app = Application("desk", [desk])
