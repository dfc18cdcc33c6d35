"""The promise under load: each figure of it measured from outside, with real sockets."""
