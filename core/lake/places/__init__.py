"""Places that rows come from without being sent: packages and addresses, one file each. Each says what names it takes
and how what is there is read."""
