"""Each kind of recipe beside its library, called as people call it. Both begin at the same table and end at a trained
model, on one core."""
