"""The screens about runs, one file each. A page calls services and draws; it decides nothing."""
