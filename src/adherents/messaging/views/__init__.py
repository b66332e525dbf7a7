"""The member's pages, the agents', and the answers that they keep ready."""
