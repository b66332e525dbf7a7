"""The queue of documents that wait for an agent, the decisions about them, and the figures on both."""
