"""What agents do with the queue: one file a subject."""
