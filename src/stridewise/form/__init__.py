"""Areas of running form: thresholds, probabilities and wording."""
