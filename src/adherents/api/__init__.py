"""What the insurer's own systems ask of the portal: `/api/v1/`, and the clients that may ask."""
