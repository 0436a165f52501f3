"""The screens about jobs, one file each. A page calls services and draws; it decides nothing."""
