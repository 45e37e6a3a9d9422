"""Why a row of a file is not imported: codes, and their sentences."""

from .attributes import LARGEST, LONGEST, MOST, MOST_OTHERS

REASONS = {
    "no_contact": "The row has neither an e-mail address nor a phone number.",
    "invalid_email_only": "The e-mail address is not valid, and there is no phone number.",
    "invalid_phone_only": (
        "The phone number is not valid, or it has no country code and no country was "
        "chosen. There is no e-mail address."
    ),
    "rounded_phone_only": "A spreadsheet has rounded the phone number, so its last digits are gone,"
    " and there is no e-mail address. Format the column as text and enter the number again.",
    "invalid_contact": "Neither the e-mail address nor the phone number is valid.",
    "too_long": "A cell is too long to be a name, e-mail address, phone number, date or label.",
    "missing_name": "The row has no name.",
    "unfinished_formula": "A cell holds a formula without its result. Open the file in Excel, save"
    " it, and import it again.",
    "too_many_cells": (
        "The row has more filled cells than there are headings. Most likely a cell "
        "contains a delimiter but no quotation marks."
    ),
    "too_many_emails": (
        f"The cell has more than {MOST_OTHERS + 1} e-mail addresses. Keep only the ones in use."
    ),
    "attribute_too_long": f"A cell that is kept as an attribute has more than {LONGEST:,}"
    " characters. Shorten it, or ignore the column.",
    "too_many_attributes": (
        f"The candidate would have more than {MOST} attributes. Ignore some columns, or "
        f"remove attributes from the candidate first."
    ),
    "attributes_too_large": "The candidate's attributes would have more than"
    f" {LARGEST:,} characters in total. Shorten some cells, or ignore some columns.",
    "too_many_other_emails": f"More than {MOST_OTHERS + 1} e-mail addresses have the same name and"
    " phone number. If these are different people, remove the phone number from the rows.",
    "too_many_other_names": f"More than {MOST_OTHERS + 1} names have the same e-mail address. If"
    " these are several people, give each an address of their own, or none.",
    "too_many_other_phones": f"More than {MOST_OTHERS + 1} phone numbers have the same e-mail"
    " address. If these are different people, remove the e-mail address from the rows.",
}
