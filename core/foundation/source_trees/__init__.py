"""Code that people bring: the tree of one commit, or an archive, as one plain file. What is taken in has no links, no
hooks and no place outside itself, and is no larger than its limits."""
