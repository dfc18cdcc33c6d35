"""The wire: what is sent to the service, and how its answers are read."""
