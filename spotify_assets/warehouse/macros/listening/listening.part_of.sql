-- The part of the clock or of the calendar that a time of the listener is in: 'hour' (0 to 23),
-- 'weekday' (1 is Monday), 'month' (1 to 12), or 'season' (1 is December to February, 2 March to May,
-- 3 June to August, 4 September to November: winter or summer, by where the listener lives).
CREATE OR REPLACE MACRO listening.part_of(part_name, local_at) AS
    CASE part_name
        WHEN 'hour' THEN hour(local_at)
        WHEN 'weekday' THEN isodow(local_at)
        WHEN 'month' THEN month(local_at)
        WHEN 'season' THEN month(local_at) % 12 // 3 + 1
        ELSE error('A part is ''hour'', ''weekday'', ''month'' or ''season''.')
    END
