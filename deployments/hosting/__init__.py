"""The local host: static sites and process apps, each on an origin of its own; it knows neither Django nor a database."""
