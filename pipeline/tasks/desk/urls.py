from django.urls import path

from . import actions, creating, views

app_name = "tasks"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("next/", actions.take_next, name="next"),
    path("new/", creating.new, name="new"),
    path("new/candidates/", creating.found, name="new-candidates"),
    path("<int:pk>/", views.task_page, name="task"),
    path("<int:pk>/accept/", actions.accept, name="accept"),
    path("<int:pk>/complete/", actions.complete, name="complete"),
    path("<int:pk>/callback/", actions.callback, name="callback"),
    path("<int:pk>/notes/", actions.write_notes, name="notes"),
    path("<int:pk>/cancel/", actions.cancel, name="cancel"),
    path("<int:pk>/release/", actions.release, name="release"),
]
