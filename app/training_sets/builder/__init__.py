"""The guided way to a training set: its rows, the features to join, the splits, and a last look at all of it. What was
chosen is a draft that the browser keeps; the portal has nothing until the set is made."""
