from django.urls import path

from . import rules, skills

app_name = "task_settings"
urlpatterns = [
    path("tasks/", rules.rules, name="tasks"),
    path("skills/", skills.index, name="skills"),
    path("skills/<int:pk>/", skills.skill, name="skill"),
]
