"""An ASGI application that answers while an account is down, and with less when all are.

In FastAPI the lifespan is the same, and the route is a function with a decorator.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from irclient import AsyncIRClient, Caching, IRError, Settings
from irclient.emulator import Emulator

SITUATIONS = (
    ("all is well", None),
    ("the primary is down", "contoso-a"),
    ("both are down", "contoso-b"),
)


def application(emulator: Emulator) -> Starlette:
    """The application; a real one makes its client with `AsyncIRClient.from_env()`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncIRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=Settings(caching=Caching(enabled=False)),
            transport=emulator.async_transport(),
        ) as app.state.recommendations:
            yield

    async def similar(request: Request) -> JSONResponse:
        recommendations: AsyncIRClient = request.app.state.recommendations
        try:
            answer = await recommendations.similar(request.path_params["item"], count=3)
        except IRError as error:
            return JSONResponse({"items": [], "because": type(error).__name__})
        return JSONResponse({"items": answer.ids, "from": answer.served.endpoint})

    return Starlette(routes=[Route("/similar/{item}", similar)], lifespan=lifespan)


async def main() -> None:
    """Ask the application while accounts go down."""
    with Emulator() as emulator:
        app = application(emulator)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as web:
                for words, name in SITUATIONS:
                    if name is not None:
                        await asyncio.to_thread(emulator.account(name).fail, "down")
                    response = await web.get("/similar/64702")
                    print(f"{words:<20} {response.status_code} {response.json()}")
                    assert response.status_code == 200


asyncio.run(main())
