-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`unit`, `r`.`rep` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.eq
select `eq`.`unit`, `eq`.`updated`, `eq`.`make`, `eq`.`model` from `EQ` as `eq` where `eq`.`unit` in (?);
-- contract.make
select `make`.`code`, `make`.`name` from `MAKE` as `make` where `make`.`code` in (?);
-- contract.rep
select `rep`.`code`, `rep`.`name` from `REP` as `rep` where rtrim(`rep`.`type`) in (?) and `rep`.`code` in (?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`unit`, `r`.`rep` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.eq
select `eq`.`unit`, `eq`.`updated`, `eq`.`make`, `eq`.`model` from `EQ` as `eq` where `eq`.`unit` in (?);
-- contract.make
select `make`.`code`, `make`.`name` from `MAKE` as `make` where `make`.`code` in (?);
-- contract.rep
select `rep`.`code`, `rep`.`name` from `REP` as `rep` where (`rep`.`type` in (?) and convert(`rep`.`type` using utf8mb4) collate utf8mb4_bin in (?)) and `rep`.`code` in (?);
