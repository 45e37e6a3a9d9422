"""Pushes what changed to the open panels."""
