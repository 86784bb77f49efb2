-- name: directory_enterprises
-- All enterprises: whether they may send, their share of the line, their digits.
SELECT id, suspended_at IS NULL, weight, access_number, extension_code
FROM accounts_enterprise

-- name: directory_signatures
-- All signatures with what decides whether they may be used.
SELECT id, enterprise_id, name, state, extension_code FROM content_signature

-- name: directory_templates
-- All templates that were not deleted and may be sent with.
SELECT id, enterprise_id, signature_id, kind, traffic, position, content, carriers
FROM content_template WHERE state = 'approved' AND deleted_at IS NULL

-- name: directory_words
-- The forbidden words.
SELECT word FROM carriers_forbiddenword ORDER BY id

-- name: directory_prefixes
-- Whose numbers begin with what.
SELECT prefix, carrier FROM carriers_numberprefix

-- name: directory_ported
-- Whether any number is known to have changed its carrier.
SELECT EXISTS (SELECT FROM carriers_portednumber)

-- name: directory_numbers
-- How many digits the longest access number of the channels in use has.
SELECT coalesce(max(length(access_number)), 0)::bigint FROM carriers_channel WHERE wish = 'run'

-- name: directory_campaigns
-- Campaigns on their way that people want to rest or to end.
SELECT c.id, c.wish FROM campaign_progress p JOIN campaigns_campaign c ON c.id = p.campaign_id
WHERE p.state IN ('feeding', 'fed') AND c.wish IN ('pause', 'terminate')

-- name: directory_codes
-- What carriers' codes mean, and whether operators decide what is done about them.
SELECT protocol, code, "group", is_permanent, meaning_en, meaning_zh,
    is_permanent IS DISTINCT FROM was_permanent
FROM carriers_carriercode

-- name: directory_protocols
-- Which protocol each channel speaks.
SELECT id, protocol FROM carriers_channel

-- name: directory_places
-- Which version of the table of places counts.
SELECT version FROM carriers_placetable

-- name: read_places
-- The table of places, packed.
SELECT cells FROM carriers_placetable

-- name: directory_provinces
-- The provinces that channels are bound to, running or not.
SELECT DISTINCT jsonb_array_elements_text(provinces) FROM carriers_channel ORDER BY 1

-- name: directory_porting
-- Which codes of reports say that a number was ported, where operators want that to be learned.
SELECT protocol, code, carrier FROM carriers_portingrule
WHERE EXISTS (SELECT FROM carriers_portinglearning WHERE is_on)
ORDER BY id
