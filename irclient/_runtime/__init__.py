"""What the process gives: threads, event loops, forks, and the authorities it trusts."""
