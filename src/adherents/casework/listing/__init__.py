"""The list of the queue: what of it is shown, in which order, and as a file."""
