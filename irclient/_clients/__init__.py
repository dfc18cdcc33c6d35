"""What both clients are made of: all but how a call is run, which each of them adds."""
