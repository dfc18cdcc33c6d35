"""A service to run: the wire contract of a service endpoint, answered from what was cooked.

`irclient serve OUT --config server.toml` is its front door. It shares with the emulator the
contract and the lists, and nothing else: no faults, no make-believe cloud, no control API.
"""
