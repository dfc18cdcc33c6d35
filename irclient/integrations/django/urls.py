"""The path of the health view, to include at the root of a project's paths."""

from django.urls import path

from irclient.integrations.django.views import health

__all__ = ["urlpatterns"]

urlpatterns = [path("health/ir", health, name="irclient_health")]
