"""The feed's events, sent to the insurer's systems as they happen, signed by the Standard Webhooks specification."""
