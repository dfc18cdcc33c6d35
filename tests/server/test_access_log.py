"""The access log: hashed ids, and no request that waits for its reader."""

import io
import json
import threading

from irclient.server.access_log import AccessLog, hashed


def test_lines_are_json_and_ids_are_hashed_under_the_key():
    stream = io.StringIO()
    log = AccessLog(key=b"k", stream=stream)
    log.note({"status": 200}, user_id="personal", session_id=None)
    log.note({"status": 200}, user_id=None, session_id="personal")
    log.close()
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["user"] == second["session"] == hashed(b"k", "personal")
    assert hashed(b"other", "personal") != first["user"]
    assert "personal" not in stream.getvalue()
    hashed(b"k", "\ud800")


def test_a_reader_that_stands_still_costs_lines_and_not_requests():
    class Stuck(io.StringIO):
        go_on = threading.Event()

        def write(self, text):
            self.go_on.wait(30)
            return super().write(text)

    stream = Stuck()
    log = AccessLog(key=b"k", stream=stream)
    for number in range(60_000):
        log.note({"n": number}, user_id=None, session_id=None)
    Stuck.go_on.set()
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    dropped = sum(each.get("dropped", 0) for each in lines)
    assert dropped > 0
    assert sum("n" in each for each in lines) + dropped == 60_000
