"""Tables of many lists: what they hold, how they are collected, and how they are compared."""
