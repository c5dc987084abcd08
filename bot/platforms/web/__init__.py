"""The page: its requests read into events, screens drawn as HTML."""
