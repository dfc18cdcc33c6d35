"""Recommendations in a Django project: client, checks, errors, health, deadline, a template tag.

```python
# settings.py
INSTALLED_APPS += ["irclient.integrations.django"]
MIDDLEWARE += ["irclient.integrations.django.ErrorsMiddleware"]
IRCLIENT = {"config": BASE_DIR / "irclient.toml"}

# urls.py
urlpatterns += [path("", include("irclient.integrations.django.urls"))]  # /health/ir

# views.py
from irclient.integrations.django import aio, ir

def similar(request, item):
    return JsonResponse({"items": ir.similar(item, count=5).ids})
```

Needs the extra ``django``.
"""

from irclient.integrations.extras import extra

with extra("django"):
    from irclient.integrations.django.clients import aio, ir
    from irclient.integrations.django.middleware import ErrorsMiddleware
    from irclient.integrations.django.views import health

__all__ = ["ErrorsMiddleware", "aio", "health", "ir"]
