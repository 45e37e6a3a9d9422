from django.urls import URLPattern

app_name = "past"
urlpatterns: list[URLPattern] = []
