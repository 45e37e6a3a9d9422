"""Which heading is which field: the usual names in applicant-tracking systems' exports."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.foundation.exports.formulas import without_guards
from pipeline.foundation.normal_forms import normalized

# In the order of the mapping page. The value is what people read there.
FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "email": "E-mail",
    "phone": "Phone",
    "tags": "Labels",
    "source": "Source",
    "stage": "Stage",
    "created_at": "Applied on",
    "job": "Job",
    "notes": "Notes",
    "secondary_email": "Second e-mail",
    "available_from": "Available from",
    "external_id": "External ID",
    "application_id": "Application ID",
}
NAMES = ("first_name", "last_name", "full_name")
CONTACTS = ("email", "phone")

# Headings without case, accents and punctuation. Of several in one file the first listed wins:
# a mobile before a landline, Bullhorn's primarySkills before its skillSet.
HEADINGS = {
    "first_name": "firstname givenname forename fname candidatefirstname applicantfirstname"
    " vorname prenom nombre",
    "last_name": "lastname surname familyname lname candidatelastname applicantlastname"
    " nachname nomdefamille apellido apellidos",
    "full_name": "fullname candidatename applicantname partnername displayname contactname"
    " candidatefullname name candidate applicant nombrecompleto",
    "email": "email emailaddress candidateemail candidateemailaddress applicantemail emailfrom"
    " primaryemail personalemail email1 emails emailid contactemail mail correoelectronico"
    " adressemail emailadresse",
    "phone": "mobile mobilephone mobilephonenumber mobilenumber phonecell cellphone cell"
    " userphonenumber partnermobile phonenumber candidatephone candidatephonenumber partnerphone"
    " primaryphone phone phones phone1 telephone tel contactnumber phonehome homephone"
    " whatsapp telefono telefon",
    "tags": "labels tags label tag categids candidatetags primaryskillsname skillset keyskills"
    " skills etiquetas",
    "source": "source candidatesource applicationsource leadsource sourceid sources"
    " sourcename originalsource origin fuente quelle",
    "stage": "stage prospectstage applicationstage stageid folder currentstage pipelinestage"
    " candidatestatus applicationstatus leadstatus status stagename",
    "created_at": "createdat createdate createddate createdtime createdon creationdate"
    " applicationcreationdate dateadded datecreated applieddate appliedat appliedon dateapplied"
    " applicationdate submittedat dateentered timestamp",
    "job": "job jobtitle jobid jobname jobposition campaigntitle opening position positionapplied"
    " positionappliedfor appliedfor vacancy requisition posting occupation",
    "notes": "notes note comments comment applicantnotes remarks",
    "secondary_email": "secondaryemail email2 alternateemail alternativeemail otheremail"
    " additionalemail",
    "available_from": "dateavailable availablefrom availabilitydate availableon",
    "external_id": "candidateid externalid applicantid recordid leadid personid id",
    "application_id": "applicationid id",
}
FIELD_OF = {heading: field for field, words in HEADINGS.items() for heading in words.split()}


def plain(heading: str) -> str:
    """The heading's letters and digits only, so that "E-Mail " is "email"."""
    letters = normalized("NFKD", heading).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def recognized(record: Iterable[str]) -> int:
    """How many different fields these cells are headings of."""
    return len({FIELD_OF[name] for cell in record if (name := plain(cell)) in FIELD_OF})


def guess(columns: Sequence[str]) -> dict[str, str]:
    """The field: heading pairs that the names of these columns suggest."""
    mapping: dict[str, str] = {}
    free: dict[str, str] = {}
    for column in columns:
        free.setdefault(plain(column), column)
    for field, words in HEADINGS.items():
        # A name in one column is the fallback: Bullhorn has it beside the two, and empty.
        if field == "full_name" and ("first_name" in mapping or "last_name" in mapping):
            continue
        for word in words.split():
            if word in free:
                mapping[field] = free.pop(word)
                break
    return mapping


def missing(mapping: dict[str, str]) -> str:
    """What the mapping lacks to make candidates, as a sentence; empty when nothing."""
    if not any(field in mapping for field in NAMES):
        return "Choose which column holds the name: full name, or first and last name."
    if not any(field in mapping for field in CONTACTS):
        return "Choose which column holds the e-mail address or the phone number."
    return ""


def unique(record: Sequence[str]) -> list[str]:
    """Headings that can be told apart: "Column 3" for an empty one, "Phone (2)" for a second."""
    headings: dict[str, None] = {}
    copies: Counter[str] = Counter()
    for number, cell in enumerate(record, 1):
        heading = wanted = (
            re.sub(r"\s+", " ", without_guards(cell)).strip()[:200] or f"Column {number}"
        )
        while heading in headings:
            copies[wanted] += 1
            heading = f"{wanted} ({copies[wanted] + 1})"
        headings[heading] = None
    return list(headings)
