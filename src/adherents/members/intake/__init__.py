"""From the insurer's file to the register: read → compare → apply."""
