"""The platform's own side: organizations as a whole, their life, the health of the house. No conversation."""
