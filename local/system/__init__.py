"""The work of `python -m local run`: all of Plugwatch upon the embedded stack, kept alive, shown, stopped."""
