"""Many open panels at once: a client of its own, for the tests and the benchmark."""
