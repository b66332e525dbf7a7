"""What is done with what papers say: rows are made, papers read, values judged. Writes only."""
