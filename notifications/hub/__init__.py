"""What one web process does for all the pages that are open on it: see hub.py."""
