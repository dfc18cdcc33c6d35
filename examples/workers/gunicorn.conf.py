"""gunicorn for either application: each worker has its share, and starts quickly."""

from irclient.integrations.gunicorn import *  # noqa: F403  (gunicorn takes hooks by their names)

preload_app = True
workers = 2
