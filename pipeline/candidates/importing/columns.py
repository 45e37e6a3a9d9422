"""Which heading is which field: the usual names in applicant-tracking systems' exports."""

import re
import unicodedata
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
    "secondary_phone": "Second phone",
    "available_from": "Available from",
    "external_id": "External ID",
    "application_id": "Application ID",
}
# Who wants no messages. Several columns may say it: a person is opted out if one of them does.
OPT_OUTS = {
    "no_contact": "Opted out of everything",
    "no_email": "Opted out of e-mail",
    "no_sms": "Opted out of SMS",
    "no_calls": "Opted out of calls",
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
    "secondary_phone": "secondaryphone secondphone alternatephone alternativephone otherphone"
    " additionalphone",
    "available_from": "dateavailable availablefrom availabilitydate availableon",
    "external_id": "candidateid externalid applicantid recordid leadid personid id",
    "application_id": "applicationid id",
}
OPT_OUT_HEADINGS = {
    "no_contact": "optedoutofeverything donotcontact nocontact optedout optout",
    "no_email": "optedoutofemail emailoptout hasoptedoutofemail emailoptedout optoutemail"
    " optoutofemail optedoutemail unsubscribedfromallemail unsubscribedfromemail emailunsubscribed"
    " unsubscribedemail unsubscribed unsubscribe donotemail noemail noemails emaildonotcontact"
    " unsubtime unsubscribetime unsubscribedat unsubscribedon unsubscribedate",
    "no_sms": "optedoutofsms smsoptout hasoptedoutofsms smsoptedout optoutsms optoutofsms"
    " optedoutsms unsubscribedfromsms smsunsubscribed donotsms donotsendsms donottext textoptout"
    " optedoutoftexts nosms notexts",
    # Whoever wants no calls wants no SMS on that number either, unless another column says so.
    "no_calls": "optedoutofcalls optedoutofphonecalls donotcall donotcallme calloptout calloptedout"
    " phoneoptout optoutofcalls optoutcalls nocalls nophonecalls donotphone donotallowphonecalls",
}
FIELD_OF = {heading: field for field, words in HEADINGS.items() for heading in words.split()}
OPT_OUT_OF = {
    heading: field for field, words in OPT_OUT_HEADINGS.items() for heading in words.split()
}
# What wordy headings say beside the field: "Candidate's full name *", "E-mail 1 - Value".
FILLER_WORDS = (
    "a an applicant applicants candidate candidates enter fill give in is of optional please "
    " provide required s the value what whats write your"
)
FILLER = frozenset(FILLER_WORDS.split())
REMARK = re.compile(r"[(\[][^()\[\]]*[)\]]")
# The second column of one name, as `unique` calls it, and Google's "Phone 2 - Value".
SECOND_OF_A_KIND = re.compile(r"(.+) (?:\(2\)$|2 - Value$)")
SECOND = {"email": "secondary_email", "phone": "secondary_phone"}
SOMEBODY_ELSE = re.compile(r"emergency|next of kin|parent|guardian|referee|reference|manager", re.I)


def plain(heading: str) -> str:
    """The heading's letters and digits only, so that "E-Mail " is "email"."""
    letters = normalized("NFKD", heading).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def without_filler(heading: str) -> str:
    """The same of a wordy heading's words that matter; empty where these are somebody else's."""
    if SOMEBODY_ELSE.search(heading):
        return ""
    letters = normalized("NFKD", REMARK.sub(" ", heading)).casefold()
    words = re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c)))
    return "".join(word for word in words if word not in FILLER)


def field_of(cell: str) -> str | None:
    """The field that a heading names, if any."""
    return FIELD_OF.get(plain(cell)) or FIELD_OF.get(without_filler(cell))


def recognized(record: Iterable[str]) -> int:
    """How many different fields these cells are headings of."""
    return len({field for cell in record if cell and (field := field_of(cell))})


def guess(columns: Sequence[str]) -> dict[str, str]:
    """The field: heading pairs that the names of these columns suggest."""
    mapping: dict[str, str] = {}
    free: dict[str, str] = {}
    wordy = [column for column in columns if plain(column) not in FIELD_OF]
    for column in columns:
        free.setdefault(plain(column), column)
    for column in wordy:
        free.setdefault(without_filler(column), column)
    for field, words in HEADINGS.items():
        # A name in one column is the fallback: Bullhorn has it beside the two, and empty.
        if field == "full_name" and ("first_name" in mapping or "last_name" in mapping):
            continue
        for word in words.split():
            if word in free:
                mapping[field] = free.pop(word)
                break
    for column in columns:
        base = SECOND_OF_A_KIND.match(column)
        second = SECOND.get(field_of(base[1]) or "") if base else None
        if second and second not in mapping and column not in mapping.values():
            mapping[second] = column
    return mapping


def guess_opt_outs(columns: Sequence[str]) -> dict[str, str]:
    """The heading: opt-out pairs that the names of these columns suggest."""
    found = {
        column: OPT_OUT_OF.get(plain(column)) or OPT_OUT_OF.get(without_filler(column))
        for column in columns
    }
    return {column: opt_out for column, opt_out in found.items() if opt_out}


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
