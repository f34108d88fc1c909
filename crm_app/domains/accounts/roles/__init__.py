"""What a member may do and how far it reaches: roles, teams, sight."""
