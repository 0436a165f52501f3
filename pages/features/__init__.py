"""The screens about features, one file each. A page calls services and draws; it decides nothing."""
