from pipeline.outreach.demo import add_templates
from pipeline.outreach.models import MessageTemplate
from pipeline.outreach.settings.forms import TemplateForm


def test_the_demo_s_templates_are_ones_that_an_owner_could_have_written(workspace):
    add_templates(workspace)

    for template in MessageTemplate.objects.filter(workspace=workspace):
        answers = {"name": template.name, "subject": template.subject, "body": template.body}
        assert TemplateForm(answers, instance=template).errors == {}
