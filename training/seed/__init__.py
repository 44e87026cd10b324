"""The network this project grew from, and ours on its task.

The seed tells "needs improvement" from seven numbers of a photograph. Its label is whether the
knees lie more than 100 pixels apart sideways: a distance in the picture, not running form.
"""

import os

# Keras reads this once, when it is imported first.
os.environ.setdefault("KERAS_BACKEND", "jax")
