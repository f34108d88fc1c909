"""The screens before one is signed in, beside the login: a lost password, a link to sign in, sign-up."""
