"""The emulated IR accounts: their service endpoints and cookings."""
