"""What is seen of a job while it runs and afterwards: lines of its log by words and level, and what its processes used.
Both are bounded, so that a long job costs no more to look at than a short one."""
