"""What is measured: each suite is a function from the server's URL and an extent to results."""
