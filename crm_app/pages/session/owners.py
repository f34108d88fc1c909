"""The choice of an owner, as the reassign lock leaves it: nobody is offered what they may not do."""

from typing import Any

import reflex as rx

from crm_app.pages.session.state import Session, allowed


def may_pass_on(module: str, owner_id: Any) -> Any:
    """Tell whether the person may change whose a thing is; `owner_id` is empty for nobody's."""
    return allowed(f"{module}.reassign") | ((owner_id == "") & allowed(f"{module}.pickup"))


def owner_options(module: str, people: Any, owner_id: Any, nobody: Any) -> list[rx.Component]:
    """Return the options of a list of owners: all, or who it is and, for what is nobody's, oneself."""
    free = allowed(f"{module}.reassign")
    pickup = (owner_id == "") & allowed(f"{module}.pickup")

    def option(one: Any) -> rx.Component:
        offered = free | (one["id"] == owner_id) | (pickup & (one["id"] == Session.user_id))
        return rx.cond(offered, rx.el.option(one["name"], value=one["id"]), rx.fragment())

    nobodys = rx.cond(free | (owner_id == ""), rx.el.option(nobody, value=""), rx.fragment())
    return [nobodys, rx.foreach(people, option)]
