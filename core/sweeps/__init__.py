"""Sweeps: the search for good hyper-parameters by Optuna. The best trial is trained again with fresh seeds before it
may be cited."""
