"""What is measured through a running endpoint: parity with offline, and replays of real rows. Both are jobs that call
the endpoint as anyone would."""
