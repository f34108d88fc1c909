"""The pictures of docs/screenshots."""
