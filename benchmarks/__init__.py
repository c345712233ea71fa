"""Convscope beside its peers: small scripts that measure, one driver that runs them in turn."""
