"""Git remotes: a project's files are fetched from one, a release is pushed to one, over smart HTTP and nothing else."""
