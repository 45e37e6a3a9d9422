"""What somebody reads whose e-mail and password do not fit together."""

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm

CAPITALS = "The password is case-sensitive."


class LoginForm(AuthenticationForm):
    error_messages = {  # noqa: RUF012  Django's types have it so
        **AuthenticationForm.error_messages,
        "invalid_login": f"The e-mail or password is wrong. Check both and try again. {CAPITALS}",
    }


class StaffLoginForm(AdminAuthenticationForm):
    error_messages = {  # noqa: RUF012  Django's types have it so
        **AdminAuthenticationForm.error_messages,
        "invalid_login": f"Enter the e-mail and password of a staff account. {CAPITALS}",
    }
