"""First connection and lost identifier: one journey."""
