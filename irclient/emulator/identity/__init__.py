"""The emulated Entra, Key Vault and managed identity, and the tokens that they sign and check."""
