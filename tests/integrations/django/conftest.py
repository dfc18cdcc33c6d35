"""A Django project that each test gets anew; Django itself is set up once in a process."""

from __future__ import annotations

import django
import pytest
from django.conf import settings
from django.http import JsonResponse
from django.test import override_settings
from django.urls import include, path

from irclient.integrations.django import aio, ir
from irclient.testing import override

if not settings.configured:
    settings.configure(LOGGING_CONFIG=None)
    django.setup()

#: What a project says of accounts that nobody asks.
ACCOUNTS = {
    "regions": [{"primary": {"account": "contoso-a", "name": "web", "tps": 100}}],
    "credential": {"kind": "token", "token_env": "SHOP_TOKEN"},
}
PROJECT = {
    "INSTALLED_APPS": ["irclient.integrations.django"],
    "MIDDLEWARE": ["irclient.integrations.django.ErrorsMiddleware"],
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["testserver"],
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    "IRCLIENT": ACCOUNTS,
}


def similar(request, item):
    return JsonResponse({"items": ir.similar(item, count=2).ids})


async def asimilar(request, item):
    return JsonResponse({"items": (await aio.similar(item, count=2)).ids})


def broken(request):
    raise LookupError("of the project")


urlpatterns = [
    path("", include("irclient.integrations.django.urls")),
    path("similar/<item>", similar),
    path("asimilar/<item>", asimilar),
    path("broken", broken),
]


@pytest.fixture
def project(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "t")
    with override_settings(**PROJECT):
        yield


@pytest.fixture
def service(project):
    with override(ir) as service:
        yield service
