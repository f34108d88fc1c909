"""The screen "Perfil e segurança"."""
