"""Files that people uploaded, in the database: any copy of any program can read them."""

from django.db import models


class StoredFile(models.Model):
    """A file that somebody uploaded, its bytes in `StoredChunk` rows; private to its enterprise.

    Writer: web (`web.uploads`). Plain ids instead of foreign keys, as enterprises live above.
    """

    enterprise_id = models.BigIntegerField(default=0)  # 0: the platform's own
    name = models.CharField(max_length=200)  # shown only; never a path
    content_type = models.CharField(max_length=100, blank=True)  # found from the bytes
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    complete = models.BooleanField(default=False)  # all chunks are here
    # Handed out by the pages of its room alone, to whom they let in: never by its id.
    restricted = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class StoredChunk(models.Model):
    """Up to 1 MiB of a stored file. Writer: web."""

    pk = models.CompositePrimaryKey("file_id", "position")
    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.file_id}/{self.position}"


class SentForm(models.Model):
    """A form that was sent, and where its sender was led. Writer: web (`web.once`)."""

    user_id = models.BigIntegerField()
    number = models.CharField(max_length=64)  # of the page, with what was written in it: a digest
    location = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user_id", "number"), name="web_form_sent_once"),
        )

    def __str__(self) -> str:
        return self.location


class KeptSecret(models.Model):
    """A sealed secret until the page that shows it is opened. Writer: web (`web.once`)."""

    ticket = models.CharField(max_length=64, primary_key=True)
    user_id = models.BigIntegerField()
    sealed = models.TextField()
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return str(self.at)
