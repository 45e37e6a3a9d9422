"""The pages on which an owner runs the workspace."""
