"""Whether what was shipped is well, for people: drawings, uptime, and the status page of a project."""
