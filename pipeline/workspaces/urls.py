from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, reverse_lazy

from .login_forms import LoginForm
from .passwords import ChoosePassword

urlpatterns = [
    path(
        "login/",
        LoginView.as_view(
            template_name="workspaces/login.html",
            authentication_form=LoginForm,
            redirect_authenticated_user=True,
        ),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path(
        "password/<uidb64>/<token>/",
        ChoosePassword.as_view(success_url=reverse_lazy(settings.LOGIN_REDIRECT_URL)),
        name="password",
    ),
]
