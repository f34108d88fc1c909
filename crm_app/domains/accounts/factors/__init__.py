"""What proves a person beyond the password: apps, codes, passkeys, and a fresh proof."""
