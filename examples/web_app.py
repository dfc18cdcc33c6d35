"""A Starlette application that answers while an account is down, and with less when all are.

Whole applications with their tests are in the folders beside it, for FastAPI, Django and Flask.
"""

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from irclient import AsyncIRClient, Caching, IRError, Settings
from irclient.emulator import Emulator
from irclient.integrations.starlette import Recommendations

SITUATIONS = (
    ("all is well", None),
    ("the primary is down", "contoso-a"),
    ("both are down", "contoso-b"),
)


def application(emulator: Emulator) -> Starlette:
    """The application; a real one says `Recommendations()`, and is configured outside."""

    def client() -> AsyncIRClient:
        return AsyncIRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=Settings(caching=Caching(enabled=False)),
            transport=emulator.async_transport(),
        )

    async def similar(request: Request) -> JSONResponse:
        ir: AsyncIRClient = request.state.ir
        try:
            answer = await ir.similar(request.path_params["item"], count=3)
        except IRError as error:
            return JSONResponse({"items": [], "because": type(error).__name__})
        return JSONResponse({"items": answer.ids, "from": answer.served.endpoint})

    recommendations = Recommendations(factory=client)
    app = Starlette(routes=[Route("/similar/{item}", similar)], lifespan=recommendations.lifespan)
    recommendations.install(app)
    return app


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
