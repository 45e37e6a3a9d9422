from django.urls import path

from . import audit, held_messages, members, workspace

app_name = "settings"
urlpatterns = [
    path("", workspace.workspace, name="workspace"),
    path("members/", members.members, name="members"),
    path("members/add/", members.add_member, name="member_add"),
    path("members/<int:pk>/", members.member, name="member"),
    path("members/<int:pk>/invite/", members.invite, name="member_invite"),
    path(
        "members/<int:pk>/deactivate/",
        members.set_active,
        {"is_active": False},
        name="member_deactivate",
    ),
    path(
        "members/<int:pk>/reactivate/",
        members.set_active,
        {"is_active": True},
        name="member_reactivate",
    ),
    path("held-messages/", held_messages.held_messages, name="messages_held"),
    path("audit/", audit.audit, name="audit"),
    path("audit.csv", audit.audit_csv, name="audit_csv"),
]
