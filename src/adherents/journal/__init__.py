"""What happened, in order, provably: `journal.services.record`."""
