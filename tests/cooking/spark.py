"""Spark for the tests of cooking: one session on this machine, where Java is."""

import os
import shutil
import signal
import warnings
from contextlib import contextmanager

import pytest

from irclient.cooking.engines.cluster import Cluster

pyspark = pytest.importorskip("pyspark")
spark_session = pytest.importorskip("irclient.cooking.engines.spark_session")


def require_java():
    """Skip what needs Java where there is none."""
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        pytest.skip("Spark needs Java")


@contextmanager
def spark_here(scratch):
    """A session of Spark whose Java process ends with the block."""
    require_java()
    handler = signal.getsignal(signal.SIGINT)
    with pytest.MonkeyPatch.context() as changed:
        # It runs for seconds: compiling what it runs well takes longer than running it.
        changed.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Spark's own about other packages
            opened = spark_session.open_session(Cluster(scratch, "local[2]"), scratch, memory=2**30)
    gateway = pyspark.SparkContext._gateway
    try:
        yield opened.session
    finally:
        opened.close()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)
        pyspark.SparkContext._gateway = pyspark.SparkContext._jvm = None
        assert signal.getsignal(signal.SIGINT) is handler
