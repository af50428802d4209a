-- SQLite
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `r`.`ref`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (not coalesce((not coalesce(((round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) >= cast(? as decimal(38,10))) and (round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) <= cast(? as decimal(38,10)))), 0)), 0) or (round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id` and rtrim(`out`.`seen`) in (?)), 10) > cast(? as decimal(38,10))) or (round((select count(*) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) <= cast(? as decimal(38,10)))) and rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract keys.notes
select `notes`.`ref` from `N` as `notes` where `notes`.`ref` in (?) and rtrim(`notes`.`note`) in (?);
-- contract keys.out
select `out`.`rental`, `out`.`seen`, `out`.`amount` from `L` as `out` where `out`.`rental` in (?);
-- contract.out
select `out`.`rental`, `out`.`amount` from `L` as `out` where `out`.`rental` in (?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `r`.`ref`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (not coalesce((not coalesce(((round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) >= cast(? as decimal(38,10))) and (round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) <= cast(? as decimal(38,10)))), 0)), 0) or (round((select coalesce(sum(`out`.`qty`), 0) from `L` as `out` where `out`.`rental` = `r`.`id` and (`out`.`seen` in (?) and convert(`out`.`seen` using utf8mb4) collate utf8mb4_bin in (?))), 10) > cast(? as decimal(38,10))) or (round((select count(*) from `L` as `out` where `out`.`rental` = `r`.`id`), 10) <= cast(? as decimal(38,10)))) and `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract keys.notes
select `notes`.`ref` from `N` as `notes` where `notes`.`ref` in (?) and (`notes`.`note` in (?) and convert(`notes`.`note` using utf8mb4) collate utf8mb4_bin in (?));
-- contract keys.out
select `out`.`rental`, `out`.`seen`, `out`.`amount` from `L` as `out` where `out`.`rental` in (?);
-- contract.out
select `out`.`rental`, `out`.`amount` from `L` as `out` where `out`.`rental` in (?);
