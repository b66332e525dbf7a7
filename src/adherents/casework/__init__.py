"""The queue of what waits for an agent, what is decided of it, and the figures on both."""
