"""The long proofs: `make stress`. Each is bounded, stops by itself, and has a short form in the tests."""
