"""A Flask application with recommendations: `gunicorn 'app:create_app()'`."""

from collections.abc import Mapping

from flask import Blueprint, Flask, request

from irclient.integrations.flask import Recommendations

recommendations = Recommendations()
shop = Blueprint("shop", __name__)


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Make the application; its client is configured by ``IRCLIENT_…`` here or outside."""
    app = Flask(__name__)
    app.config.from_mapping(config or {}, IRCLIENT_SHARE="auto")
    recommendations.init_app(app)
    app.register_blueprint(shop)
    return app


@shop.get("/similar/<item>")
def similar(item: str) -> dict[str, object]:
    """What goes with an item."""
    answer = recommendations.client.similar(item, count=request.args.get("count", 5, int))
    return {"items": answer.ids, "degraded": answer.served.degraded}
