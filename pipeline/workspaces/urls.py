from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetConfirmView
from django.urls import path, reverse_lazy

urlpatterns = [
    path(
        "login/",
        LoginView.as_view(template_name="workspaces/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path(
        "password/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(
            template_name="workspaces/password.html",
            post_reset_login=True,
            success_url=reverse_lazy(settings.LOGIN_REDIRECT_URL),
        ),
        name="password",
    ),
]
