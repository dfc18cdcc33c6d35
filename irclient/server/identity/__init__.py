"""Who is calling: static keys, and tokens of OpenID Connect issuers."""
