"""The screens about requirements, one file each. A page calls services and draws; it decides nothing."""
