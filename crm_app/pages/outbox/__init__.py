"""The screens that show letters: an organization's own with their fate, and the demo's with their words."""
