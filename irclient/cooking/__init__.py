"""Computing recommendation lists from a folder in the data contract, and looking them up."""
