"""Forms of all rooms: classes, errors beside their fields, nothing typed is lost."""

import pytest
from django import forms
from django.utils import translation

from yunxin.web.forms import Form


class Sample(Form):
    name = forms.CharField(label="Name", max_length=5, help_text="Five characters.")
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect, required=False)
    colour = forms.ChoiceField(choices=[("r", "R")], required=False)
    agreed = forms.BooleanField(label="Agreed", required=False)
    own = forms.CharField(error_messages={"required": "Say it!"})


def test_widgets_get_the_classes_of_their_kind() -> None:
    classes = {name: field.widget.attrs["class"] for name, field in Sample().fields.items()}
    assert classes == {
        "name": "form-control",
        "kind": "form-check-input",
        "colour": "form-select",
        "agreed": "form-check-input",
        "own": "form-control",
    }


def test_an_empty_field_is_asked_for_by_name_unless_it_says_it_itself() -> None:
    with translation.override("en"):
        form = Sample({})
        assert form.errors["name"] == ["Please fill in “Name”."]
        assert form.errors["own"] == ["Say it!"]


def test_other_errors_say_what_to_do_too() -> None:
    with translation.override("zh-hans"):
        form = Sample({"name": "too long", "colour": "blue", "own": "x\0"})
        assert form.errors["name"] == ["最多 5 个字符，当前为 8 个字符，请缩短。"]
        assert form.errors["colour"] == ["该选项已失效，请重新选择。"]
        assert form.errors["own"] == ["内容中含有不可见字符，请删除。"]


def test_errors_and_help_belong_to_their_field_for_screen_readers() -> None:
    shown = str(Sample({"name": "too long", "own": "x"})["name"].as_field_group())
    assert 'aria-invalid="true"' in shown and 'value="too long"' in shown
    described = shown.partition('aria-describedby="')[2].partition('"')[0].split()
    assert described and all(f'id="{name}"' in shown for name in described)


@pytest.mark.parametrize("name", ["name", "colour", "own"])
def test_labels_lead_to_their_fields(name: str) -> None:
    assert f'for="id_{name}"' in str(Sample()[name].as_field_group())
