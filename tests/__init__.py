"""Claims about irclient, one module for each of its modules."""
