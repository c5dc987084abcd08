"""The wires: payloads in, rendering out, and everything that carries them between."""
