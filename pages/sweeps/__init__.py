"""The screens about sweeps, one file each. A page calls services and draws; it decides nothing."""
