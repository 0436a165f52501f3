"""The screens about the audit log, one file each. A page calls services and draws; it decides nothing."""
