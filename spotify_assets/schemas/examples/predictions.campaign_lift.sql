-- Did the campaigns do anything, and how sure is that?
SELECT campaign, verdict, lift, lift_low, lift_high, needs
FROM predictions.campaign_lift
ORDER BY first_day;

-- What did a stream cost that would not have been there?
SELECT campaign, currency, spend, added_streams, cost_per_added, cost_low, cost_high
FROM predictions.campaign_lift
WHERE verdict = 'more'
ORDER BY cost_per_added;

-- Of which campaigns can nothing be said, and what would it take to say more?
SELECT campaign, verdict, needs
FROM predictions.campaign_lift
ORDER BY verdict = 'cannot tell' DESC;
