"""The assets, a module for each layer."""
