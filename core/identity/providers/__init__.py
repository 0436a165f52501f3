"""Identity providers, one file each: they say who somebody is, from what that person or program shows. What they may
do is said elsewhere."""
