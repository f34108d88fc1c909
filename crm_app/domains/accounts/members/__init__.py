"""Who is in an organization, what they own, and how they leave."""
