-- The kind of device or program that a platform of an export is; what is none of these, as it came.
CREATE OR REPLACE MACRO listening.platform_family(platform) AS
    CASE
        WHEN platform ILIKE '%android%' THEN 'Android'
        WHEN platform ILIKE '%ios%' OR platform ILIKE '%iphone%' OR platform ILIKE '%ipad%' THEN 'iOS'
        WHEN platform ILIKE '%web_player%' OR platform ILIKE '%webplayer%' THEN 'Web player'
        WHEN platform ILIKE '%windows%' THEN 'Windows'
        WHEN platform ILIKE '%os x%' OR platform ILIKE '%osx%' OR platform ILIKE '%mac%' THEN 'macOS'
        WHEN platform ILIKE '%linux%' THEN 'Linux'
        ELSE platform
    END
