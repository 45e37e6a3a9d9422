"""The owner's pages of what a pipeline is made of: openings, folders, labels, reject reasons."""
