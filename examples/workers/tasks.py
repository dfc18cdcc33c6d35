"""Celery with prefork workers: warm before the first task, and tried again when the TPS allows it.

celery --workdir examples/workers --app tasks worker --concurrency 2
"""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from celery import Celery
from celery.signals import worker_init, worker_process_init

from irclient import IRClient, preload
from irclient.errors import Throttled, Unavailable

if TYPE_CHECKING:
    from celery import Task

app = Celery("tasks", broker=os.environ["CELERY_BROKER"], backend=os.environ["CELERY_BACKEND"])
if app.conf.broker_url.startswith("filesystem"):
    # Where there is no Redis or RabbitMQ: folders, for this machine alone.
    folder = os.environ["CELERY_FOLDER"]
    app.conf.broker_transport_options = {
        "data_folder_in": folder,
        "data_folder_out": folder,
        "control_folder": f"{folder}/control",
    }

ir = IRClient.from_env()  # Made before the fork; each process opens connections of its own.


@worker_init.connect
def load(**_: object) -> None:
    """Load before the fork what each process would load, and keep it shared."""
    preload()
    gc.freeze()


@worker_process_init.connect
def warm_up(**_: object) -> None:
    """Have the token, and a connection, before the first task."""
    ir.warm_up()


@app.task(bind=True, max_retries=5)
def similar(self: Task, item_id: str) -> list[str]:
    """Return the ids of items like this one."""
    try:
        return ir.with_options(priority="batch").similar(item_id, count=5).ids
    except (Throttled, Unavailable) as error:
        raise self.retry(exc=error, countdown=error.retry_after or 5.0) from error
