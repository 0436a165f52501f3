"""What the reader of a page does next with its object: one function for each kind decides the page's one primary button
and its sentence. They are pure: everything comes from frozen values and the reader's rights."""
