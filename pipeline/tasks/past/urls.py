from django.urls import path

from . import downloading, saved, views

app_name = "past"
urlpatterns = [
    path("", views.past_list, name="list"),
    path("past.csv", downloading.past_csv, name="csv"),
    path("<int:pk>/", views.history, name="history"),
    path("saved/new/", saved.new, name="saved_new"),
    path("saved/<int:pk>/", saved.saved, name="saved"),
    path("saved/<int:pk>/delete/", saved.delete, name="saved_delete"),
]
