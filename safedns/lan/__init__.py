"""The home network as others know it: neighbours (hardware addresses), leases (host names), routes, vendors."""
