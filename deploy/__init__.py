"""What an installation and its keepers run: catalogues, and what a deployment needs."""
