"""The forbidden words as content reads them are those that carriers keeps."""

from yunxin.carriers.models import ForbiddenWord
from yunxin.content.words import forbidden_words


def test_the_words_are_read_from_the_table_of_their_owner(db, django_assert_num_queries):
    assert ForbiddenWord._meta.db_table == "carriers_forbiddenword"
    ForbiddenWord.objects.all().delete()
    assert forbidden_words().find("欢迎光临赌场") is None
    ForbiddenWord.objects.create(word="赌场")
    with django_assert_num_queries(1):
        assert forbidden_words().find("欢迎光临赌 场") == "赌场"
    ForbiddenWord.objects.update(word="彩票")
    assert forbidden_words().find("欢迎光临赌场") is None
