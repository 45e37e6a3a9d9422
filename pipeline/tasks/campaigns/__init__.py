"""The pages of campaigns: they are mostly about their tasks."""
