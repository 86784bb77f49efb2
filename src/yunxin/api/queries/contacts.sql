-- name: limit_lock_wait
-- How long this transaction waits for who changes the same address book.
SELECT set_config('lock_timeout', %(time)s, true)

-- name: hold_book
-- Holds an enterprise's address book: what is looked up from here on stays until the commit.
SELECT contact_book_lock(%(enterprise_id)s)

-- name: book_version
-- How often an enterprise's address book has changed.
SELECT version FROM address_book WHERE enterprise_id = %(enterprise_id)s

-- name: note_change
-- Writes a change into the audit log, with the key that made it, where the book really changed.
SELECT audit_note(%(enterprise_id)s, %(action)s, %(subject)s,
    %(detail)s::jsonb || jsonb_build_object('key', (
        SELECT concat_ws(' ', c.name, c.key_id) FROM interfaces_credential c
        WHERE c.id = %(credential_id)s)),
    %(address)s::inet)
FROM address_book WHERE enterprise_id = %(enterprise_id)s AND version <> %(before)s

-- name: read_contact
-- One contact of an enterprise, with the groups that hold it.
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM contact c WHERE c.enterprise_id = %(enterprise_id)s AND c.id = %(id)s

-- name: read_contact_of_phone
-- The contact of an enterprise that has a phone, with the groups that hold it.
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM contact c WHERE c.enterprise_id = %(enterprise_id)s AND c.phone = %(phone)s

-- name: list_contacts
-- Contacts of an enterprise, newest first; of a search those whose name, initials or phone hold it.
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM contact c
WHERE c.enterprise_id = %(enterprise_id)s AND c.id < %(below)s
    AND (%(name)s::text = '' OR strpos(c.name, %(name)s) > 0
        OR %(initials)s::text <> '' AND strpos(c.initials, %(initials)s) > 0
        OR %(digits)s::text <> '' AND strpos(c.phone, %(digits)s) > 0)
ORDER BY c.id DESC LIMIT %(most)s

-- name: list_contacts_of_phone
-- The contact of an enterprise that has a phone, where it fits what else is asked for.
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM contact c
WHERE c.enterprise_id = %(enterprise_id)s AND c.phone = %(phone)s AND c.id < %(below)s
    AND (%(name)s::text = '' OR strpos(c.name, %(name)s) > 0
        OR %(initials)s::text <> '' AND strpos(c.initials, %(initials)s) > 0
        OR %(digits)s::text <> '' AND strpos(c.phone, %(digits)s) > 0)
    AND (%(groups)s::bigint[] = '{}' OR EXISTS (
        SELECT FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id
            AND m.group_id = ANY (%(groups)s::bigint[])))

-- name: list_contacts_of_groups
-- Contacts in any of these groups, each once, newest first; a group gives no more than a page.
WITH one AS (
    SELECT DISTINCT m.contact_id
    FROM unnest(%(groups)s::bigint[]) AS g (id)
    CROSS JOIN LATERAL (
        SELECT x.contact_id FROM contact_membership x
        JOIN contact c ON c.enterprise_id = x.enterprise_id AND c.id = x.contact_id
        WHERE x.enterprise_id = %(enterprise_id)s AND x.group_id = g.id
            AND x.contact_id < %(below)s
            AND (%(name)s::text = '' OR strpos(c.name, %(name)s) > 0
                OR %(initials)s::text <> '' AND strpos(c.initials, %(initials)s) > 0
                OR %(digits)s::text <> '' AND strpos(c.phone, %(digits)s) > 0)
        ORDER BY x.contact_id DESC LIMIT %(most)s
    ) m
    ORDER BY m.contact_id DESC LIMIT %(most)s
)
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM one
JOIN contact c ON c.enterprise_id = %(enterprise_id)s AND c.id = one.contact_id
ORDER BY c.id DESC

-- name: search_contacts_in_groups
-- The same for groups that hold much of the book: who fits the search is asked whether he is in one.
SELECT c.id, c.phone, c.name, c.gender, c.birthday, c.industry, c.position, c.company, c.remark,
    c.created_at, c.updated_at,
    ARRAY(SELECT m.group_id FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id ORDER BY 1)
FROM contact c
WHERE c.enterprise_id = %(enterprise_id)s AND c.id < %(below)s
    AND (strpos(c.name, %(name)s) > 0
        OR %(initials)s::text <> '' AND strpos(c.initials, %(initials)s) > 0
        OR %(digits)s::text <> '' AND strpos(c.phone, %(digits)s) > 0)
    AND EXISTS (
        SELECT FROM contact_membership m
        WHERE m.enterprise_id = c.enterprise_id AND m.contact_id = c.id
            AND m.group_id = ANY (%(groups)s::bigint[]))
ORDER BY c.id DESC LIMIT %(most)s

-- name: find_contacts
-- Contacts that are named by id or by phone: the place in the arrays, from 0, and the id.
SELECT x.place - 1, c.id
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS x (id, place)
JOIN contact c ON c.enterprise_id = %(enterprise_id)s AND c.id = x.id
UNION ALL
SELECT x.place - 1, c.id
FROM unnest(%(phones)s::text[]) WITH ORDINALITY AS x (phone, place)
JOIN contact c ON c.enterprise_id = %(enterprise_id)s AND c.phone = x.phone

-- name: upsert_contacts
-- Writes contacts, known by their phones, and lets them join groups.
SELECT u.position::bigint, u.id, u.created
FROM contact_upsert(%(enterprise_id)s, %(people)s::jsonb, %(overwrite)s, %(groups)s::bigint[],
    %(contacts_max)s::integer) u

-- name: delete_contacts
-- Deletes contacts; how many there were.
SELECT contact_delete(%(enterprise_id)s, %(ids)s::bigint[])::bigint

-- name: list_groups
-- Groups of an enterprise in the order in which they were made, so each after its parent.
SELECT id, name, parent_id, members::bigint, reach::bigint, created_at FROM contact_group
WHERE enterprise_id = %(enterprise_id)s AND id > %(above)s
ORDER BY id LIMIT %(most)s

-- name: read_group
-- One group of an enterprise.
SELECT id, name, parent_id, members::bigint, reach::bigint, created_at FROM contact_group
WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s

-- name: find_groups
-- Which of these groups are there.
SELECT g.id FROM unnest(%(ids)s::bigint[]) AS x (id)
JOIN contact_group g ON g.enterprise_id = %(enterprise_id)s AND g.id = x.id

-- name: find_groups_within
-- A group and those that lie in it, with how many contacts are in each and below it.
SELECT g.id, g.members::bigint, g.reach::bigint FROM contact_group g
WHERE g.enterprise_id = %(enterprise_id)s AND %(id)s = ANY (g.path)

-- name: create_group
-- Makes a group; its id.
SELECT contact_group_create(%(enterprise_id)s, %(parent)s::bigint, %(name)s)

-- name: rename_group
-- Gives a group another name.
SELECT contact_group_rename(%(enterprise_id)s, %(id)s, %(name)s)

-- name: delete_group
-- Deletes a group with those that lie in it; how many groups that were.
SELECT contact_group_delete(%(enterprise_id)s, %(id)s)::bigint

-- name: add_members
-- Lets contacts join groups; how many memberships that made.
SELECT contact_members_add(%(enterprise_id)s, %(groups)s::bigint[], %(ids)s::bigint[])::bigint

-- name: remove_members
-- Lets contacts leave groups; how many memberships that ended.
SELECT contact_members_remove(%(enterprise_id)s, %(groups)s::bigint[], %(ids)s::bigint[])::bigint
