"""OCPP 1.6, 2.0.1 and 2.1: what each calls the same things. Strangers to each other, but 2.1 stands on 2.0.1."""
