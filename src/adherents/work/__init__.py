"""Work that happens after a request: the row is the work, a sweep finds it, nothing is lost with a process."""
