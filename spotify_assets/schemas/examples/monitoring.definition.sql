-- By which contracts and queries was the file made?
SELECT hash
FROM monitoring.definition;

-- Of how many files of the lake was it made?
SELECT
    left(hash, 8) AS definition,
    (SELECT count(*) FROM monitoring.partitions) AS partitions,
    (SELECT count(*) FROM monitoring.history_files) AS history_files
FROM monitoring.definition;

-- What do I cite as the version of the file?
SELECT left(hash, 8) || ' of ' || (SELECT max(date) FROM processed.extracts) AS version
FROM monitoring.definition;
