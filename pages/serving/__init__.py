"""The screens about endpoints, one file each. A page calls services and draws; it decides nothing."""
