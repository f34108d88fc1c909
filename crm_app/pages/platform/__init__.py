"""The platform's own area: a route, a frame and a role of its own, beside organizations and above none of them."""
