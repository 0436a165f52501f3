"""One file a screen, one folder a domain. The section of the sidebar is a field of the page's card in
`app/navigation.py`."""
