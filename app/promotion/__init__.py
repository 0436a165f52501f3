"""Parts of the pages about promotion: the request, its evidence, the decision and the rollout. An approver finds what
is unresolved in one sentence."""
