"""The virtual laboratory: laboratory runners filmed, real pose estimators on the films, with truth.

A trial of the laboratory drives a clothed body; it is filmed; pose estimators read the frames; the
points come out with the truth that the force plate and the markers know. See docs/estimators.md.
"""
