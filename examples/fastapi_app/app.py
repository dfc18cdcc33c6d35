"""A FastAPI application with recommendations: `uvicorn app:app`, configured by the environment."""

from fastapi import FastAPI

from irclient.integrations.fastapi import IR, Recommendations

recommendations = Recommendations()
app = FastAPI(lifespan=recommendations.lifespan)
recommendations.install(app)


@app.get("/similar/{item}")
async def similar(item: str, ir: IR, count: int = 5) -> dict[str, object]:
    """What goes with an item."""
    answer = await ir.similar(item, count=count)
    return {"items": answer.ids, "degraded": answer.served.degraded}
