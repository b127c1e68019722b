"""How the platform writes down what it reports of a shop by day."""
