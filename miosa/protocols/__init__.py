"""Other ways in than REST: the Model Context Protocol and Agent2Agent. Each is a face of the REST routes."""
