-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`addr`, `r`.`town`, `r`.`a`, `r`.`n`, `r`.`price` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no`, `r`.`addr`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`addr`, `r`.`town`, `r`.`a`, `r`.`n`, `r`.`price` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no`, `r`.`addr`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
