"""What the desk's pages show. Nothing is written."""
