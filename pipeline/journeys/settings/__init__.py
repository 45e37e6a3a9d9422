"""The owner's page for journeys: what stops them."""
