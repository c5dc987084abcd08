"""How fast messages leave, when several processes share one limit: seen where they arrive."""
