"""Parts of the pages about load tests: the form, the course of a test and its report. Validity is said before any
number."""
