"""Reading a folder in IR's data contract: its model, its files, its cells."""
