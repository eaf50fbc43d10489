"""Parts of the gateway's benchmark: the upstream, the bare proxy, the driver, and the doors that are compared."""
