"""Images as files are opened here and nowhere else: measured, shown, and decoded to what a model takes. Training,
judging and serving share the one decoder, which runs in bounded processes of its own."""
