"""Claims about the decisions: in virtual time, without I/O."""
