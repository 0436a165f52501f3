"""The screens about datasets, one file each. A page calls services and draws; it decides nothing."""
