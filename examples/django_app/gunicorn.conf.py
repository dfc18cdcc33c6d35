"""What gunicorn reads by itself when it is started in this folder."""

from irclient.integrations.gunicorn import *  # noqa: F403  (gunicorn takes hooks by their names)
