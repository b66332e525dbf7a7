"""What people are writing: kept sealed on the server until it is sent."""
