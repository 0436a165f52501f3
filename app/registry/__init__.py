"""Parts of the pages about models and versions: lists, evidence, comparison. A version keeps its color on every
chart."""
