"""Parts of the page of runs: what its address says, the tools above the table, the table, and the curves beside it. A
view is an address, so that what somebody sees can be sent to others and kept under a name."""
