"""The register: who is a member, under which numbers and names, and how the insurer's file becomes that."""
