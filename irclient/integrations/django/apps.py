"""The application that Django is told of in ``INSTALLED_APPS``."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.test.signals import setting_changed

from irclient.integrations.django.checks import check_configuration
from irclient.integrations.django.clients import forget_clients

__all__ = ["RecommendationsConfig"]


class RecommendationsConfig(AppConfig):
    """Adds the system check and the command, and makes ``override_settings`` count."""

    name = "irclient.integrations.django"
    label = "irclient"
    verbose_name = "Recommendations"

    def ready(self) -> None:
        """Be told that Django is set up."""
        register(check_configuration, "irclient")
        setting_changed.connect(forget_clients, dispatch_uid="irclient")
