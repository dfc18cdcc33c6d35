"""Rooms for those who bring a platform of their own: each stands on the public API alone."""
