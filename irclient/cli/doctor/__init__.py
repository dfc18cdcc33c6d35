"""The examinations of `irclient doctor`."""
