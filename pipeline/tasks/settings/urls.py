from django.urls import URLPattern

app_name = "task_settings"
urlpatterns: list[URLPattern] = []
