"""What every page is made of: frame, tables, forms, charts, links, states and words. Nothing here knows a domain's
page."""
