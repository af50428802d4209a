-- SQLite
-- invoice
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time`, `i`.`total` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`no` in (?);
-- invoice keys
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);

-- MySQL
-- invoice
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time`, `i`.`total` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`no` in (?);
-- invoice keys
select `i`.`no`, `cus`.`no`, `i`.`date`, `i`.`time` from `I` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
