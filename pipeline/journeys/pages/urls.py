from django.urls import path

from pipeline.journeys.editor import naming, publishing, retracing, stepping, views

from . import journeys, runs

app_name = "journeys"
urlpatterns = [
    path("", runs.index, name="list"),
    path("new/", naming.new, name="new"),
    path("<int:pk>/", journeys.journey, name="journey"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/edit/name/", naming.rename, name="rename"),
    path("<int:pk>/edit/trigger/", views.trigger, name="trigger"),
    path("<int:pk>/edit/add/", views.add, name="add"),
    path("<int:pk>/edit/lead/", views.lead, name="lead"),
    path("<int:pk>/edit/undo/", retracing.undo, name="undo"),
    path("<int:pk>/edit/redo/", retracing.redo, name="redo"),
    path("<int:pk>/edit/reset/", retracing.reset, name="reset"),
    path("<int:pk>/edit/blocks/<slug:block>/", views.block, name="block"),
    path("<int:pk>/edit/blocks/<slug:block>/preview/", views.preview, name="preview"),
    path("<int:pk>/edit/blocks/<slug:block>/move/", views.move, name="move"),
    path("<int:pk>/edit/blocks/<slug:block>/delete/", views.delete, name="delete"),
    path("<int:pk>/publish/", publishing.publish, name="publish"),
    path("<int:pk>/pause/", publishing.pause, name="pause"),
    path("<int:pk>/resume/", publishing.resume, name="resume"),
    path("<int:pk>/archive/", publishing.archive, name="archive"),
    path("<int:pk>/runs/", runs.runs, name="runs"),
    path("<int:pk>/runs/<int:run>/", runs.run, name="run"),
    path("<int:pk>/runs/<int:run>/stop/", runs.stop, name="stop"),
    path("<int:pk>/versions/", journeys.versions, name="versions"),
    path("<int:pk>/versions/compare/", journeys.compared, name="compare"),
    path("<int:pk>/test-run/", stepping.test_run, name="test_run"),
]
