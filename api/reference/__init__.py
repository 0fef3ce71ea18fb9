"""What there is to ask and how: the OpenAPI document, its schemas, its page."""
