"""Tests of the emulated Entra, Key Vault and managed identity."""
