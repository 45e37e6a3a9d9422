from django.urls import path

from . import creating, verbs, views

app_name = "tasks"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("next/", verbs.take_next, name="next"),
    path("new/", creating.new, name="new"),
    path("new/candidates/", creating.found, name="new-candidates"),
    path("<int:pk>/", views.task_page, name="task"),
    path("<int:pk>/accept/", verbs.accept, name="accept"),
    path("<int:pk>/complete/", verbs.complete, name="complete"),
    path("<int:pk>/callback/", verbs.callback, name="callback"),
    path("<int:pk>/notes/", verbs.write_notes, name="notes"),
    path("<int:pk>/cancel/", verbs.cancel, name="cancel"),
    path("<int:pk>/release/", verbs.release, name="release"),
]
