-- What came in last?
SELECT received_at, came_by, source, file_name, received, kept, duplicate, quarantined
FROM monitoring.comment_batches
ORDER BY received_at DESC
LIMIT 20;

-- Of which batches was most set aside?
SELECT batch_id, file_name, quarantined / received AS share
FROM monitoring.comment_batches
ORDER BY share DESC
LIMIT 10;

-- Does every batch add up?
SELECT count(*) AS wrong
FROM monitoring.comment_batches
WHERE received <> kept + duplicate + quarantined;
