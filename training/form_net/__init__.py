"""The form networks: laboratory runners, changed and simulated ones, training and evaluation."""

import os

# Keras reads this once, when it is imported first.
os.environ.setdefault("KERAS_BACKEND", "jax")
