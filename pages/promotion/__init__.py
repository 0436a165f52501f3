"""The screens about promotions, one file each. A page calls services and draws; it decides nothing."""
