"""Homes that earlier versions have left behind, packed, and what today's code makes of them.

`home_0.1.0.tar.xz` was made by version 0.1.0 with its own actions and its own worker, gateway and jobs: a goal, a
dataset with a snapshot, a published feature version that is materialized, a training set, runs, a sweep, two model
versions with evidence, a staging and a production endpoint, a request that was rolled out, one that is approved and
waits, a load test, a replay, an import that waits, queries, tokens. Its paths say `@home@`; `postgresql.sql` has the
same rows."""
