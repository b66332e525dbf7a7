"""Messages between a member and the service, both sides."""
