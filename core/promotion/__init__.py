"""Promotion: from a request to traffic in production. Approvals are bound to digests of what was judged, and any
change voids them."""
