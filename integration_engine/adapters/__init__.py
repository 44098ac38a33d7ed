"""The outside world: sockets, files, processes, the clock."""
