ALTER TABLE sweep_lists
  DROP PRIMARY KEY, ADD PRIMARY KEY (grp, id), DROP KEY sweep_lists_grp, ADD COLUMN packed BLOB;
