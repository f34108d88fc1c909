"""The simulator: a vendor whose phones live in our own house. A provider like any other."""
