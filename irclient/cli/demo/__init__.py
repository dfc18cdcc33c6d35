"""The story that `irclient demo` tells."""
