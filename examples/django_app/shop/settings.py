"""The smallest settings of a project with recommendations."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = os.environ.get("SECRET_KEY", "only for this machine")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["irclient.integrations.django"]
MIDDLEWARE = ["irclient.integrations.django.ErrorsMiddleware"]
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}
]

#: The accounts come from the environment here; a file is named with "config".
IRCLIENT = {"share": "auto", "warm_up": True}
