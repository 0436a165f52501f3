"""From what the generator saw to what may be said: validity first, then percentiles and capacity with intervals. An
invalid test has no figures to cite."""
