from django.urls import path

from . import log, views

app_name = "webhooks"
urlpatterns = [
    path("webhooks/", views.endpoints, name="endpoints"),
    path("webhooks/new/", views.new, name="new"),
    path("webhooks/guide/", views.guide, name="guide"),
    path("webhooks/<int:pk>/", views.endpoint, name="endpoint"),
    path("webhooks/<int:pk>/test/", views.test, name="test"),
    path("webhooks/<int:pk>/rotate/", views.rotate, name="rotate"),
    path("webhooks/<int:pk>/on/", views.switch, {"is_active": True}, name="switch_on"),
    path("webhooks/<int:pk>/off/", views.switch, {"is_active": False}, name="switch_off"),
    path("webhooks/<int:pk>/delete/", views.delete, name="delete"),
    path("webhooks/<int:pk>/deliveries/", log.deliveries, name="deliveries"),
    path("webhooks/<int:pk>/deliveries/again/", log.all_again, name="all_again"),
    path("webhooks/deliveries/<int:pk>/", log.delivery, name="delivery"),
    path("webhooks/deliveries/<int:pk>/again/", log.again, name="again"),
]
