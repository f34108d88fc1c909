"""Getting in: passwords, links by e-mail, sign-up, and the one door behind all of them."""
