"""Inference over HTTP beside a server without any check and beside the runtime alone, on models like the flights'."""
