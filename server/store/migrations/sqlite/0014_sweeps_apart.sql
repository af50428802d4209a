INSERT OR IGNORE INTO state_boots (id, boot, since_ms) SELECT 1, '', 0 WHERE EXISTS (SELECT 1 FROM sweep_lists);

DROP TABLE sweep_lists;

DROP TABLE sweep_keys;
