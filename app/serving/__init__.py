"""Parts of the pages about endpoints: traffic, trying one row, parity, replays, deployment. The gateway's word
decides what serves."""
