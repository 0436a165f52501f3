"""Parts of the pages about features: catalog, versions, logic, statistics, the online store and its parity. The
editor of a version has a folder of its own."""
