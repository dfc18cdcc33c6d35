"""Recommendations in a Starlette application: client, errors, health and deadline in three lines.

```python
from starlette.applications import Starlette

from irclient.integrations.starlette import Recommendations

recommendations = Recommendations()
app = Starlette(routes=[...], lifespan=recommendations.lifespan)
recommendations.install(app)
```

A handler then finds the client as ``request.state.ir``. For FastAPI there is
`irclient.integrations.fastapi`.

Needs the extra ``starlette``.
"""

from irclient.integrations.extras import extra

with extra("starlette"):
    from irclient.integrations.starlette.presence import SenderGone
    from irclient.integrations.starlette.recommendations import Lifespan, Recommendations

__all__ = ["Lifespan", "Recommendations", "SenderGone"]
