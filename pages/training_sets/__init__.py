"""The screens about training sets, one file each. A page calls services and draws; it decides nothing."""
