"""What is written, answered, kept ready and erased."""
