-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`job`, `r`.`cus`, `r`.`kind`, `r`.`started`, `r`.`due`, `r`.`flag`, `r`.`qty`, `r`.`amount`, `r`.`note`, `r`.`day` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`job`, `r`.`cus`, `r`.`kind`, `r`.`started`, `r`.`due`, `r`.`flag`, `r`.`qty`, `r`.`amount`, `r`.`note`, `r`.`day` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
