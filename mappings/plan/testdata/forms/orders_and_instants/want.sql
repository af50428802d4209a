-- SQLite
-- invoice
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time`, `i`.`total` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`no` in (?);
-- invoice keys
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);
-- invoice keys required tables
select exists (select 1 from `I` as `i`), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- invoice
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time`, `i`.`total` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`no` in (?);
-- invoice keys
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
-- invoice keys required tables
select exists (select 1 from `I` as `i`), exists (select 1 from `CUS` as `cus`);
