"""The screens about people, one file each. A page calls services and draws; it decides nothing."""
