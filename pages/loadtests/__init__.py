"""The screens about load tests, one file each. A page calls services and draws; it decides nothing."""
