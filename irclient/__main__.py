"""``python -m irclient``: the same as the command `irclient`."""

from irclient.cli import main

if __name__ == "__main__":
    main()
