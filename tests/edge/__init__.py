"""The edge: nginx as configured, compose file and image, checked against what they promise."""
