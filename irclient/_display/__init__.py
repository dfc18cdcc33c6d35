"""What people look at: progress of long work, and small tables."""
