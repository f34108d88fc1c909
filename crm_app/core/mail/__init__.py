"""E-mail that leaves the house: a letter is written down in the use case's own transaction, a job delivers it.

`letter` says what is written, `sending` puts it into the outbox and delivers it, `smtp` speaks to the server,
`outbox` shows what became of it.
"""

from crm_app.core.mail.letter import Letter
from crm_app.core.mail.sending import MailOff, mail_mode, send_mail

__all__ = ["Letter", "MailOff", "mail_mode", "send_mail"]
