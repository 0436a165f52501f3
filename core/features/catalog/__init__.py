"""What is known about features once they are built: search, statistics, drift, freshness, use and cost. All of it is
read; nothing here changes a version."""
