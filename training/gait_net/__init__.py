"""The gait network: laboratory runners through simulated cameras, training, export."""

import os

# Keras reads this once, when it is imported first.
os.environ.setdefault("KERAS_BACKEND", "jax")
