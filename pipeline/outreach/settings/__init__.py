"""The owner's pages for messages: their templates, limits and rates."""
