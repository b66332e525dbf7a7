"""What every room asks of the database alike."""
