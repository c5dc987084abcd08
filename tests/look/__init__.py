"""What Parley's pages look like, in a real browser: `make look` writes the pictures into build/look/."""
