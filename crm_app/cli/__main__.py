"""`python -m crm_app.cli` is `prumo`."""

from crm_app.cli.main import main

main()
