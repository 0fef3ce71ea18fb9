"""The servers of the embedded stack, one a file: strangers to each other, each a process with its address."""
