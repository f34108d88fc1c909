"""Pure rules about people: how names are folded for search, and how phones become identities.

Brazilian mobiles got a ninth digit between 2012 and 2016 (Anatel resolution 553/2010), but WhatsApp still knows
many older accounts without it. Both spellings are the same person, so each such phone has a twin.
"""

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from crm_app.domains.contacts.models import IdentityKind

DEFAULT_REGION = "BR"
MAX_SEARCH_WORDS = 6
BR_SHORTEST = len("+551133334444")
TRUNK_PREFIX_FROM = 6
"""Digits from which on a leading zero in a search is the trunk prefix, and no part of a number's end."""

_WORD = re.compile(r"[^\W_]+")
_PHONE_IN_SEARCH = re.compile(r"[+(]?\d[\d\s().+-]*$")
_BR_MOBILE = re.compile(r"\+55([1-9][1-9])9([6-9]\d{7})")
_BR_OLD_MOBILE = re.compile(r"\+55([1-9][1-9])([6-9]\d{7})")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")


def fold(text: str) -> str:
    """Return `text` in lower case, without accents and with single blanks, as it is compared in searches."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    # Case folding can bring new letters that decompose in turn, and the other way round.
    return " ".join(unicodedata.normalize("NFKC", bare.casefold()).split())


def words(text: str) -> list[str]:
    """Return the folded words of `text`: runs of letters and digits, in their order, each once."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


def search_words(query: str) -> list[str]:
    """Return the words that a person typed into a search box; something like a phone becomes its digits."""
    stripped = query.strip()
    if _PHONE_IN_SEARCH.fullmatch(stripped):
        digits = "".join(c for c in stripped if c.isdecimal())
        return [digits.lstrip("0") if len(digits) >= TRUNK_PREFIX_FROM else digits]
    return words(stripped)[:MAX_SEARCH_WORDS]


def finds_nothing(query: str) -> bool:
    """Tell whether something is searched for that holds no letter and no digit: no contact has such a word."""
    return bool(query.strip()) and not search_words(query)


def is_found(query: str, search_text: str) -> bool:
    """Tell whether a search finds the contact with this text of `searchable`; no query finds every one."""
    known = search_text.split()
    wanted = search_words(query)
    return not finds_nothing(query) and all(any(one.startswith(word) for one in known) for word in wanted)


def searchable(*texts: str, phones: Iterable[str] = ()) -> str:
    """Return the words under which a contact is found.

    A phone is found by any beginning of: its full digits, those without the country, and the local number.
    """
    found = [word for text in texts for word in words(text)]
    for phone in phones:
        found += phone_words(phone)
    return " ".join(dict.fromkeys(found))


def phone_words(phone: str) -> list[str]:
    """Return the digit runs by which an E.164 phone and its twin are searched."""
    found = []
    for spelling in phone_spellings(phone):
        digits = spelling.lstrip("+")
        found.append(digits)
        if digits.startswith("55"):
            found += [digits[2:], digits[4:]]
    found.append(found[0][-4:])
    return list(dict.fromkeys(word for word in found if word))


def parse_phone(text: str, region: str = DEFAULT_REGION) -> str | None:
    """Return the phone in E.164 with the Brazilian ninth digit, or None when it cannot be a phone."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE or number.extension:
        return None
    phone = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # Without its area code nobody could call it from elsewhere, though the library calls it possible.
    local_only = phone.startswith("+55") and len(phone) < BR_SHORTEST
    return None if local_only else modern_phone(phone)


def modern_phone(phone: str) -> str:
    """Return an E.164 phone with the ninth digit when it is a Brazilian mobile that lacks it."""
    old = _BR_OLD_MOBILE.fullmatch(phone)
    return f"+55{old[1]}9{old[2]}" if old else phone


def phone_spellings(phone: str) -> tuple[str, ...]:
    """Return an E.164 phone and, for a Brazilian mobile, its twin without the ninth digit; modern one first.

    A mobile whose second digit is below 6 has no twin: without its 9 it would be somebody's landline.
    """
    modern = modern_phone(phone)
    mobile = _BR_MOBILE.fullmatch(modern)
    return (modern, f"+55{mobile[1]}{mobile[2]}") if mobile else (modern,)


def parse_email(text: str) -> str | None:
    """Return the address in lower case, or None when it cannot be one."""
    address = text.strip().lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else None


def identity_values(kind: str, value: str) -> tuple[str, ...]:
    """Return the values under which an address is kept, the leading one first; empty when it is not one."""
    if kind == IdentityKind.PHONE:
        phone = parse_phone(value)
        return phone_spellings(phone) if phone else ()
    if kind == IdentityKind.EMAIL:
        address = parse_email(value)
        return (address,) if address else ()
    plain = value.strip()
    return (plain,) if plain and len(plain) <= 200 and plain.isprintable() else ()


def shown_name(name: str, kind: str, value: str) -> str:
    """Return the name for a contact that is born from a message: its own, else its address."""
    tidy = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return tidy[:200] or (readable_phone(value) if kind == IdentityKind.PHONE else value[:200])


def readable_phone(phone: str) -> str:
    """Return an E.164 phone as people write it: national in Brazil, international elsewhere."""
    try:
        number = phonenumbers.parse(phone, None)
    except NumberParseException:
        return phone
    home = number.country_code == phonenumbers.country_code_for_region(DEFAULT_REGION)
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
