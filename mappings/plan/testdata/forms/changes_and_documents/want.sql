-- SQLite
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`day`, `r`.`clock` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`day`, `r`.`clock` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`day` >= ?));
-- changes of invoice in n
select `n`.`cus`, `n`.`made` from `N` as `n`;
-- changes of invoice in n
select `n`.`cus`, `n`.`made` from `N` as `n` where ((`n`.`made` >= ?) or (`n`.`made` is null or cast(`n`.`made` as char) like '0000-%' or cast(`n`.`made` as char) like '____-00-%' or cast(`n`.`made` as char) like '____-__-00%'));
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract document
select `r`.`id` from `R` as `r` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);

-- MySQL
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`day`, `r`.`clock` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`day`, `r`.`clock` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`day` >= ?));
-- changes of invoice in n
select `n`.`cus`, `n`.`made` from `N` as `n`;
-- changes of invoice in n
select `n`.`cus`, `n`.`made` from `N` as `n` where ((`n`.`made` >= ?) or (`n`.`made` is null or cast(`n`.`made` as char) like '0000-%' or cast(`n`.`made` as char) like '____-00-%' or cast(`n`.`made` as char) like '____-__-00%'));
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract document
select `r`.`id` from `R` as `r` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` left join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
