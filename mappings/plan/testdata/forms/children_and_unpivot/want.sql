-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`dlv`, `r`.`pku` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.fees
select `d`.`rental`, `d`.`seq`, `d`.`name`, `d`.`amount` from `L` as `d` where `d`.`rental` in (?) and rtrim(`d`.`type`) in (?);
-- contract.lines
select `d`.`rental`, `d`.`seq`, `d`.`name`, `d`.`amount` from `L` as `d` where `d`.`rental` in (?) and rtrim(`d`.`type`) in (?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`dlv`, `r`.`pku` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.fees
select `d`.`rental`, `d`.`seq`, `d`.`name`, `d`.`amount` from `L` as `d` where `d`.`rental` in (?) and (`d`.`type` in (?) and convert(`d`.`type` using utf8mb4) collate utf8mb4_bin in (?));
-- contract.lines
select `d`.`rental`, `d`.`seq`, `d`.`name`, `d`.`amount` from `L` as `d` where `d`.`rental` in (?) and (`d`.`type` in (?) and convert(`d`.`type` using utf8mb4) collate utf8mb4_bin in (?));
