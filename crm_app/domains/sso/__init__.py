"""Single sign-on: members enter an organization through its own identity provider (OpenID Connect)."""
