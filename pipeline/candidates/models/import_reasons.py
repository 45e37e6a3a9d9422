"""Why a row of a file is not imported: codes, and their sentences."""

from .attributes import LARGEST, LONGEST, MOST, MOST_OTHERS

REASONS = {
    "no_contact": "There is no e-mail address and no phone number.",
    "invalid_email_only": "The e-mail address is not one, and there is no phone number.",
    "invalid_phone_only": "The phone number is not one, or has no country code while no region "
    "was chosen, and there is no e-mail address.",
    "rounded_phone_only": "A spreadsheet has rounded the phone number, so its last digits are gone,"
    " and there is no e-mail address. Format the column as text and enter the number again.",
    "invalid_contact": "Neither the e-mail address nor the phone number is one.",
    "too_long": "A cell is much longer than any name, e-mail address, phone number, date or label.",
    "missing_name": "There is no name.",
    "unfinished_formula": "A cell holds a formula without its result. Open the file in Excel, save"
    " it, and import it again.",
    "too_many_cells": "The row has more filled cells than there are headings: "
    "most likely a delimiter stands in a cell without quotation marks.",
    "too_many_emails": f"The cell has more than {MOST_OTHERS + 1} e-mail addresses. Keep those that"
    " are used.",
    "attribute_too_long": f"A cell that is kept as an attribute has more than {LONGEST:,}"
    " characters. Shorten it, or ignore the column.",
    "too_many_attributes": f"The candidate would have more than {MOST} attributes. Ignore columns,"
    " or take attributes away from the candidate first.",
    "attributes_too_large": "The candidate's attributes would have more than"
    f" {LARGEST:,} characters together. Shorten cells, or ignore columns.",
    "too_many_other_emails": f"More than {MOST_OTHERS + 1} e-mail addresses have the same name and"
    " phone number. If these are several people, take the phone number out of the rows.",
    "too_many_other_names": f"More than {MOST_OTHERS + 1} names have the same e-mail address. If"
    " these are several people, give each an address of their own, or none.",
    "too_many_other_phones": f"More than {MOST_OTHERS + 1} phone numbers have the same e-mail"
    " address. If these are several people, take the address out of the rows.",
}
