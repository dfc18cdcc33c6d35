"""What the relational part of cooking runs on."""
