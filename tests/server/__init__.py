"""The service to run."""
