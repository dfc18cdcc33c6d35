"""The project's paths."""

from django.urls import include, path

from shop import views

urlpatterns = [
    path("", include("irclient.integrations.django.urls")),
    path("similar/<str:item>", views.similar),
    path("asimilar/<str:item>", views.asimilar),
    path("product/<str:item>", views.product),
]
