"""From a recording to motion: angles, foot contacts and strides."""
