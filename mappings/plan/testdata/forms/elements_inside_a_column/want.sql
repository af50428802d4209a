-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`parts`, `r`.`extras`, `r`.`more` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.fees.x
select `x`.`code`, `x`.`name` from `X` as `x` where `x`.`code` in (?);
-- contract.lines.p
select `p`.`no`, `p`.`name` from `P` as `p` where `p`.`gone` in (?) and `p`.`no` in (?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`parts`, `r`.`extras`, `r`.`more` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.fees.x
select `x`.`code`, `x`.`name` from `X` as `x` where `x`.`code` in (?);
-- contract.lines.p
select `p`.`no`, `p`.`name` from `P` as `p` where `p`.`gone` in (?) and `p`.`no` in (?);
