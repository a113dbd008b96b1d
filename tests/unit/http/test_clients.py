"""Many clients at once, over real sockets."""

import asyncio
from typing import Any

from httpx import AsyncClient, Limits

from purista_serverless.adapters.embedded.host import Host
from purista_serverless.adapters.embedded.http import asgi
from tests.unit.http.desk import signed_in
from tests.unit.http.server import serving
from tests.unit.http.shop import build

CLIENTS = 100
ROUNDS = 2


async def order_and_export(client: AsyncClient, number: int) -> list[Any]:
    """Order, read, search and have an export accepted and looked at, a few times over."""
    headers, answers = signed_in(("ann", "bob")[number % 2]), []
    for amount in range(1, ROUNDS + 1):
        order = {"lines": [{"article": f"cup {number}", "amount": amount}]}
        ordered = await client.post("/orders", json=order, headers=headers)
        found = await client.get(f"/orders/{number + 1}", headers=headers)
        searched = await client.get("/articles", params={"article": str(number), "tags": [str(amount)]})
        accepted = await client.post("/exports", json={"year": 2000 + number}, headers=headers)
        asked = await client.get(accepted.json()["statusUrl"], headers=headers)
        answers += [
            ordered.json()["amount"] == amount,
            ordered.json()["principal"] == found.json()["principal"] == ("ann", "bob")[number % 2],
            found.json()["amount"] == number + 1,
            (searched.json()["article"], searched.json()["tags"]) == (str(number), [str(amount)]),
            (accepted.status_code, asked.json()["status"]) == (202, "queued"),
        ]
    return answers


async def visit(address: str) -> list[Any]:
    """Let all clients in at once, each with a connection of its own."""
    limits = Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        visits = [order_and_export(client, number) for number in range(CLIENTS)]
        return [answer for answers in await asyncio.gather(*visits) for answer in answers]


def test_a_hundred_clients_are_each_answered_with_what_is_theirs(tmp_path):
    """No request fails, and nobody sees another's result, identity or job."""
    application = build()

    with Host(application, tmp_path / "shop.db") as host:
        with serving(asgi(application, host)) as address:
            answers = asyncio.run(visit(address))
        host.step()
        jobs = [stored.fields["status"] for _, stored in host.ports.ledger.scan("queue:shop.exports/")]

    assert (len(answers), all(answers)) == (CLIENTS * ROUNDS * 5, True)
    assert jobs == ["success"] * (CLIENTS * ROUNDS)
