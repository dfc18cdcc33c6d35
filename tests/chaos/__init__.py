"""Chaos: both clients against a real local service whose faults come and go by chance."""
