"""Recommendations in a FastAPI application: client, errors, health and deadline in three lines.

```python
from fastapi import FastAPI

from irclient.integrations.fastapi import IR, Recommendations

recommendations = Recommendations()
app = FastAPI(lifespan=recommendations.lifespan)
recommendations.install(app)


@app.get("/similar/{item}")
async def similar(item: str, ir: IR) -> list[str]:
    return (await ir.similar(item, count=5)).ids
```

Needs the extra ``fastapi``.
"""

from typing import Annotated, TypeAlias

from irclient.aclient import AsyncIRClient
from irclient.errors import ConfigurationError
from irclient.integrations.extras import extra

with extra("fastapi"):
    from fastapi import Depends
    from starlette.requests import HTTPConnection

    from irclient.integrations.starlette import Lifespan, Recommendations, SenderGone

__all__ = ["IR", "Lifespan", "Recommendations", "SenderGone", "get_ir"]


async def get_ir(connection: HTTPConnection) -> AsyncIRClient:
    """The application's client; the dependency behind `IR`.

    Raises:
        ConfigurationError: The application has none.
    """
    client: AsyncIRClient | None = getattr(connection.state, "ir", None)
    if client is None:
        raise ConfigurationError(
            "this application has no client; call Recommendations().install(app)"
        )
    return client


IR: TypeAlias = Annotated[AsyncIRClient, Depends(get_ir)]
"""The application's client, as the type of a parameter of handlers and dependencies; its calls end
in `SenderGone` when the sender of the request goes away."""
