"""Apps that run: a box for each, started, watched, put to sleep and woken."""
