"""Policies: which gates and whose approvals a target needs. A change is a new revision that a second administrator
confirms."""
