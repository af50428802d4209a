-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`odd #1`, `r`.`order`, `r`.`a``b` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`r`.`co`) in (?) and `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`r`.`co`) in (?) and (r.due < ?) and rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r` where rtrim(`r`.`co`) in (?)), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`odd #1`, `r`.`order`, `r`.`a``b` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`r`.`co` in (?) and convert(`r`.`co` using utf8mb4) collate utf8mb4_bin in (?)) and `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`r`.`co` in (?) and convert(`r`.`co` using utf8mb4) collate utf8mb4_bin in (?)) and (r.due < ?) and `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r` where (`r`.`co` in (?) and convert(`r`.`co` using utf8mb4) collate utf8mb4_bin in (?))), exists (select 1 from `CUS` as `cus`);
