"""The vendor behind the simulator: phones, their messages, and people who act by a script."""
