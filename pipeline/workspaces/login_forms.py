"""What somebody reads whose e-mail and password do not fit together."""

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm

CAPITALS = "Capitals count in the password, but not in the e-mail."


class LoginForm(AuthenticationForm):
    error_messages = {  # noqa: RUF012  Django's types have it so
        **AuthenticationForm.error_messages,
        "invalid_login": f"Please enter a correct e-mail and password. {CAPITALS}",
    }


class StaffLoginForm(AdminAuthenticationForm):
    error_messages = {  # noqa: RUF012  Django's types have it so
        **AdminAuthenticationForm.error_messages,
        "invalid_login": f"Please enter the e-mail and password of a staff login. {CAPITALS}",
    }
