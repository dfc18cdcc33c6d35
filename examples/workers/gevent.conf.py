"""gunicorn with gevent: what gevent replaces it must replace before anything else is loaded.

gunicorn --config examples/workers/gevent.conf.py --chdir examples/workers wsgi
"""

from gevent import monkey

monkey.patch_all()

from irclient.integrations.gunicorn import *  # noqa: E402, F403  (after gevent; hooks by name)

preload_app = True
worker_class = "gevent"
workers = 2
