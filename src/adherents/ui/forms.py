"""How every form of the portal is drawn."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Forms and fields are elements like the others, that a profile can override one by one."""

    form_template_name = "ui/elements/form.html"
    field_template_name = "ui/elements/field.html"
