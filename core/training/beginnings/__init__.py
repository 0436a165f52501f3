"""What a run goes on from: the model of an earlier run of the same recipe. The portal checks that the two fit together,
the job reads the file of that model."""
