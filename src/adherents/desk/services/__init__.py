"""What an agent does on a member's record."""
