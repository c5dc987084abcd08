"""E-mail: messages out by SMTP, with signed links for buttons; bounces and answers to invitations read back."""
