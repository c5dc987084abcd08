"""The nouns: one room a capability, its tables, states, transitions and who may see it."""
