"""Keys, envelopes and blind indexes. No models: this floor only turns bytes into other bytes."""
