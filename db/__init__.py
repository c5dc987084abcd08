"""The nouns: one file a capability, its table, states, transitions and who may see it."""
