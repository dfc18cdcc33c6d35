"""`AppProxy`: what stands behind the app proxy of a shop, and answers its themes."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from anyio import to_thread

from irclient.aclient import AsyncIRClient
from irclient.client import IRClient
from irclient.errors import ConfigurationError, IRError, QueryError
from irclient.integrations.shopify import carrying, storefront, webhooks
from irclient.integrations.shopify.catalogue import Catalogue
from irclient.integrations.shopify.consent import hashed_customer, user_of, user_who_agreed
from irclient.integrations.shopify.deleted import WithoutDeleted
from irclient.integrations.shopify.messages import MOST_BODY, Response
from irclient.integrations.shopify.refusals import Refusals
from irclient.integrations.shopify.signature import Refused, verify_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shopify_app import ShopifyApp
    from starlette.types import Receive, Scope, Send

    from irclient.integrations.shopify.consent import Personal
    from irclient.integrations.shopify.messages import Request
    from irclient.integrations.shopify.signature import Visitor
    from irclient.queries import BoughtTogether, Cart, Similar
    from irclient.results import RecommendationList

__all__ = ["AppProxy"]

Client: TypeAlias = IRClient | AsyncIRClient

_LOGGER: Final = logging.getLogger("irclient.shopify")
_UNAUTHORIZED: Final = Response.of_text(401, "Unauthorized")
_NOT_FOUND: Final = Response.of_text(404, "Not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is left to do when everything is known but IR's answer."""

    client: Client
    query: Similar | BoughtTogether | Cart
    wanted: storefront.Wanted
    catalogue: Catalogue


class AppProxy:
    """Answers a shop's themes with IR's lists, in the shape of the storefront's own.

    An ASGI application, to mount where the proxy URL points; `wsgi` is one for WSGI; `answer` and
    `aanswer` answer one request for any other framework. It answers
    ``…/recommendations/products.json``, ``…/recommendations/cart.json`` and ``…/webhooks``.

    Args:
        client: An `IRClient` or an `AsyncIRClient`, yours to close; for many shops, a function
            from a shop's domain to its client, or None for a shop that is not served.
        catalogue: The shop's products; for many shops, a function from a shop's domain to them.
        shopify: Shopify's `ShopifyApp`, which holds the app's secrets.
        ask: How many items to ask IR for, whatever a theme's limit is: what is sold out is left
            out and filled up, and one answer in memory serves every limit.
        personal: Which user a customer is; it is asked only where the request says that the
            customer agreed (``consent=1``). Without it every list is the same for all.
        on_unknown: Told of each id that the catalogue does not know.
        stale_while_revalidate_for: Seconds for which browsers may show a list while they ask
            again. For how long they may show it without asking, is what the client's ``caching``
            settings leave of it.

    Raises:
        ConfigurationError: An argument cannot be used.
    """

    def __init__(
        self,
        client: Client | Callable[[str], Client | None],
        catalogue: Catalogue | Callable[[str], Catalogue | None],
        *,
        shopify: ShopifyApp,
        ask: int = 50,
        personal: Personal | None = None,
        on_unknown: Callable[[storefront.Unknown], object] | None = None,
        stale_while_revalidate_for: float = 600.0,
    ) -> None:
        _check("client", client, _is_one_or_finds_one(client, Client))
        _check("catalogue", catalogue, _is_one_or_finds_one(catalogue, Catalogue))
        _check("shopify", shopify, _is_shopify_app(shopify))
        _check("ask", ask, isinstance(ask, int) and ask >= storefront.MOST_SHOWN)
        _check("personal", personal, personal is None or _is_personal(personal))
        _check("on_unknown", on_unknown, on_unknown is None or callable(on_unknown))
        _check(
            "stale_while_revalidate_for",
            stale_while_revalidate_for,
            _is_duration(stale_while_revalidate_for),
        )
        self._client, self._catalogue, self._shopify = client, catalogue, shopify
        self._ask, self._personal, self._on_unknown = ask, personal, on_unknown
        self._stale_for = stale_while_revalidate_for
        self._unknown = 0
        self._refusals = Refusals()
        self._deleted: set[int] = set()
        self._lock = Lock()
        self._asgi: carrying.AsgiApplication | None = None

    @property
    def unknown(self) -> int:
        """How often an id was met that the catalogue does not know."""
        return self._unknown

    def verify(self, request: Request) -> Visitor:
        """Return for whom a request of the app proxy is.

        Raises:
            Refused: Shopify did not send it: answer 401.
        """
        return verify_query(self._shopify, request.query).visitor

    def answer(self, request: Request) -> Response:
        """Answer a request, a webhook included; for an `IRClient`.

        Raises:
            QueryError: IR refused what was asked, and not because it does not know the item: the
                app is configured wrongly.
            ConfigurationError: The client is an `AsyncIRClient`, which `aanswer` is for.
        """
        question = self._question(request)
        if isinstance(question, Response):
            return question
        if not isinstance(question.client, IRClient):
            raise ConfigurationError("AppProxy: await aanswer(…) where the client is async")
        try:
            found = question.client.fetch(question.query)
        except IRError as error:
            return self._without(question, error)
        return self._with(question, found)

    async def aanswer(self, request: Request) -> Response:
        """Answer a request, a webhook included; an `IRClient` is called on a thread.

        Raises:
            QueryError: IR refused what was asked, and not because it does not know the item: the
                app is configured wrongly.
        """
        question = self._question(request)
        if isinstance(question, Response):
            return question
        client, query = question.client, question.query
        try:
            if isinstance(client, AsyncIRClient):
                found = await client.fetch(query)
            else:
                found = await to_thread.run_sync(client.fetch, query)
        except IRError as error:
            return self._without(question, error)
        return self._with(question, found)

    def webhook(self, request: Request) -> Response:
        """Forget what a webhook says is gone: ``products/delete``, ``customers/redact``.

        A deleted product is not shown any more by this object, whatever the catalogue holds.
        Other topics are answered with 200 and change nothing, and so is what Shopify signed but
        does not say which product or customer it is about; that is logged.
        """
        if request.method != "POST":
            return Response.of_text(405, "Method not allowed", Allow="POST")
        if len(request.body) > MOST_BODY:
            return Response.of_text(413, "Too large")
        try:
            happened = webhooks.read_webhook(self._shopify, request)
        except Refused as refused:
            return self._refuse(refused)
        except webhooks.Unusable as unusable:
            # Accepted all the same: Shopify would send it again for hours, and it would be no
            # better; after that it cancels the subscription, and with it the good ones.
            _LOGGER.warning("a webhook of %s does not say what it is about", unusable)
            return Response.of_text(200, "")
        if isinstance(happened, webhooks.DeletedProduct):
            self._forget_product(happened)
        elif happened is not None:
            self._forget_customer(happened.visitor)
        return Response.of_text(200, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI application.

        Raises:
            ConfigurationError: The extra ``shopify`` is not installed.
        """
        if self._asgi is None:
            self._asgi = carrying.asgi_application(self.aanswer)
        await self._asgi(scope, receive, send)

    def wsgi(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        """Be a WSGI application; for an `IRClient`."""
        return carrying.answer_wsgi(self.answer, environ, start_response)

    # ── what to do ───────────────────────────────────────────────────────────────────────────

    def _question(self, request: Request) -> _Question | Response:
        """Decide all that can be decided before IR is asked."""
        *_, folder, name = ("", *request.path.rstrip("/").split("/"))
        if name == "webhooks":
            return self.webhook(request)
        try:
            verified = verify_query(self._shopify, request.query)
            client, known = self._of_shop(verified.visitor.shop)
        except Refused as refused:
            return self._refuse(refused)
        if request.method not in {"GET", "HEAD"}:
            return Response.of_text(405, "Method not allowed", Allow="GET, HEAD")
        catalogue = WithoutDeleted(known, self._deleted)
        read = _READERS.get(f"{folder}/{name}", _no_page)
        wanted = read(verified.parameters, catalogue, self._note)
        if isinstance(wanted, Response):
            return wanted
        if not wanted.items:
            return storefront.no_products(wanted)
        user_id = user_who_agreed(self._personal, verified.visitor, verified.parameters)
        query = wanted.query(count=self._ask, user_id=user_id)
        return _Question(client=client, query=query, wanted=wanted, catalogue=catalogue)

    def _with(self, question: _Question, found: RecommendationList) -> Response:
        products = storefront.chosen(found.ids, question.wanted, question.catalogue, self._note)
        return storefront.list_of_products(
            question.wanted,
            products,
            operation=question.query.operation,
            cache_control=self._cache_control(question, found),
        )

    def _cache_control(self, question: _Question, found: RecommendationList) -> str:
        if question.query.user_id is not None:
            return "private, no-store"
        if found.served.degraded:
            return "no-store"
        # Whole seconds, and no more of them than are left.
        left, stale_for = int(found.served.fresh_for), int(self._stale_for)
        return f"public, max-age={left}, stale-while-revalidate={stale_for}"

    def _without(self, question: _Question, error: IRError) -> Response:
        if isinstance(error, QueryError) and error.status != HTTPStatus.NOT_FOUND:
            raise error  # An item that IR has not cooked yet is no fault of the app.
        kind = type(error).__name__
        _LOGGER.warning("no list of %s: %s: %s", question.query.operation, kind, error)
        return storefront.no_products(question.wanted)

    def _refuse(self, refused: Refused) -> Response:
        count = self._refusals.to_tell(refused.code, time.monotonic())
        if count:
            since = f" ({count} since this was logged last)" if count > 1 else ""
            problem = f": {refused.problem}" if refused.problem else ""
            _LOGGER.warning("refused: %s%s%s", refused.code, problem, since)
        return _UNAUTHORIZED

    # ── shops, and what is not known of them ─────────────────────────────────────────────────

    def _of_shop(self, shop: str) -> tuple[Client, Catalogue]:
        """The client and the catalogue of a shop.

        Raises:
            Refused: The shop is not served here.
        """
        given, known = self._client, self._catalogue
        client = given if isinstance(given, Client) else given(shop)
        catalogue = known if isinstance(known, Catalogue) else known(shop)
        if client is None or catalogue is None:
            raise Refused("unknown_shop")
        return client, catalogue

    def _note(self, unknown: storefront.Unknown) -> None:
        with self._lock:
            self._unknown += 1
        if self._on_unknown is None:
            return
        try:
            self._on_unknown(unknown)
        except Exception:
            _LOGGER.exception("on_unknown failed")

    def _forget_product(self, happened: webhooks.DeletedProduct) -> None:
        try:
            client, catalogue = self._of_shop(happened.shop or "")
        except Refused:
            return
        self._deleted.add(happened.product_id)
        # The catalogue may have heard of it already; then the id is what IR most likely knows.
        item = catalogue.item_of(happened.product_id) or str(happened.product_id)
        client.cache.forget_item(item)

    def _forget_customer(self, visitor: Visitor) -> None:
        try:
            client, _ = self._of_shop(visitor.shop)
        except Refused:
            return
        user_id = user_of(self._personal, visitor)
        if user_id is not None:
            client.cache.forget_user(user_id)

    def __repr__(self) -> str:
        return f"AppProxy({self._client!r}, {self._catalogue!r})"


def _no_page(*_: object) -> Response:
    return _NOT_FOUND


_READERS: Final = {
    "recommendations/products.json": storefront.wanted_by_page,
    "recommendations/cart.json": storefront.wanted_by_cart,
}


def _check(name: str, value: object, fits: object) -> None:
    if not fits:
        # The app's secret, or the key of the customers, given in place of what holds it.
        given = f"a {type(value).__name__}" if name in _SECRETIVE else repr(value)
        raise ConfigurationError(f"AppProxy: {name} cannot be {given}; {_FIXES[name]}")


def _is_one_or_finds_one(value: object, kind: Any) -> bool:  # noqa: ANN401  (what isinstance takes)
    # A class can be called too, and has all the methods.
    return (isinstance(value, kind) or callable(value)) and not isinstance(value, type)


def _is_personal(value: object) -> bool:
    return callable(value) and value is not hashed_customer


def _is_shopify_app(value: object) -> bool:
    return hasattr(value, "verify_app_proxy_req") and not isinstance(value, type)


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < math.inf


_SECRETIVE: Final = {"shopify", "personal"}
_FIXES: Final = {
    "client": "pass an IRClient, an AsyncIRClient, or a function from a shop to one",
    "catalogue": "pass JsonCatalogue(products), or an object with the methods of Catalogue",
    "shopify": "pass shopify_app.ShopifyApp(client_id, client_secret)",
    "ask": f"pass an int of at least {storefront.MOST_SHOWN}, the most that a theme shows",
    "personal": "pass hashed_customer(key), or a function from a Visitor to a user id or None",
    "on_unknown": "pass a function of one argument",
    "stale_while_revalidate_for": "pass seconds, at least 0",
}
