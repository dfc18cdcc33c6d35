"""A view that runs on a thread, one that runs on a task, and a page with the template tag."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from irclient.integrations.django import aio, ir


def similar(request: HttpRequest, item: str) -> JsonResponse:
    """What goes with an item."""
    answer = ir.similar(item, count=int(request.GET.get("count", "5")))
    return JsonResponse({"items": answer.ids, "degraded": answer.served.degraded})


async def asimilar(request: HttpRequest, item: str) -> JsonResponse:
    """The same, where a server runs tasks."""
    answer = await aio.similar(item, count=int(request.GET.get("count", "5")))
    return JsonResponse({"items": answer.ids, "degraded": answer.served.degraded})


def product(request: HttpRequest, item: str) -> HttpResponse:
    """A page that does without recommendations when there are none."""
    return render(request, "product.html", {"item": item})
