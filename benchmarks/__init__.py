"""What irclient costs beside its rivals, and what it does in bad weather."""
