"""Each FAIL and each WARN of `parley doctor`, produced on purpose."""
