"""The demo of a fleet: processes that share one TPS, with and without Redis."""
