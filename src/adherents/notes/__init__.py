"""What agents write for each other about a member or a document, and what they ask of each other. No member reads any of it."""
