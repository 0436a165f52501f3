"""Models, their versions, and the evidence about them. MLflow is the record of runs and artifacts; what lists and
gates read is kept here."""
