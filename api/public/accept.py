"""Which of two forms a client wants (RFC 9110 §12.5.1). Pure."""


def prefers_json(accept: str) -> bool:
    """Whether JSON is wanted more than a page; who does not say so gets the page."""
    weights = dict(_range(one) for one in accept.lower().split(","))
    return _weight(weights, "application/json") > _weight(weights, "text/html")


def _weight(weights: dict[str, float], kind: str) -> float:
    anything_like = f"{kind.partition('/')[0]}/*"
    return next((weights[one] for one in (kind, anything_like, "*/*") if one in weights), 0.0)


def _range(text: str) -> tuple[str, float]:
    name, _, parameters = text.partition(";")
    weight = parameters.replace(" ", "").partition("q=")[2].partition(";")[0]
    try:
        return name.strip(), float(weight or 1)
    except ValueError:
        return name.strip(), 0.0
