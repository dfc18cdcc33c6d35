"""The service side of the wire contract: what a request asks for, and the bodies that answer it."""
