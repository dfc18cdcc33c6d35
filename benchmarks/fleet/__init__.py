"""A fleet of real processes on a real server: what it keeps, and what it costs."""
