"""The screens about models, one file each. A page calls services and draws; it decides nothing."""
