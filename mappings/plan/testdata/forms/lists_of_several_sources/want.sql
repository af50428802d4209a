-- SQLite
-- contract document of Q
select `i`.`id` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract document of R
select `i`.`id` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of Q
select `i`.`id`, `cus`.`no`, `i`.`site` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of Q keys
select `i`.`id`, `cus`.`no`, `i`.`site` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract of Q keys required tables
select exists (select 1 from `Q` as `i`), exists (select 1 from `CUS` as `cus`);
-- contract of Q.lines
select `d`.`rental`, `d`.`seq`, `d`.`name` from `M` as `d` where `d`.`rental` in (?);
-- contract of R
select `i`.`id`, `cus`.`no`, `i`.`site` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of R keys
select `i`.`id`, `cus`.`no`, `i`.`site` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract of R keys required tables
select exists (select 1 from `R` as `i`), exists (select 1 from `CUS` as `cus`);
-- contract of R.lines
select `d`.`rental`, `d`.`seq`, `d`.`name` from `L` as `d` where `d`.`rental` in (?);
-- invoice of B25
select `i`.`id`, `cus`.`no`, `i`.`day`, `i`.`total` from `B25` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- invoice of B25 keys
select `i`.`id`, `cus`.`no`, `i`.`day` from `B25` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);
-- invoice of B26
select `i`.`id`, `cus`.`no`, `i`.`day`, `i`.`total` from `B26` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- invoice of B26 keys
select `i`.`id`, `cus`.`no`, `i`.`day` from `B26` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where rtrim(`cus`.`no`) in (?);

-- MySQL
-- contract document of Q
select `i`.`id` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract document of R
select `i`.`id` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of Q
select `i`.`id`, `cus`.`no`, `i`.`site` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of Q keys
select `i`.`id`, `cus`.`no`, `i`.`site` from `Q` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
-- contract of Q keys required tables
select exists (select 1 from `Q` as `i`), exists (select 1 from `CUS` as `cus`);
-- contract of Q.lines
select `d`.`rental`, `d`.`seq`, `d`.`name` from `M` as `d` where `d`.`rental` in (?);
-- contract of R
select `i`.`id`, `cus`.`no`, `i`.`site` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- contract of R keys
select `i`.`id`, `cus`.`no`, `i`.`site` from `R` as `i` join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
-- contract of R keys required tables
select exists (select 1 from `R` as `i`), exists (select 1 from `CUS` as `cus`);
-- contract of R.lines
select `d`.`rental`, `d`.`seq`, `d`.`name` from `L` as `d` where `d`.`rental` in (?);
-- invoice of B25
select `i`.`id`, `cus`.`no`, `i`.`day`, `i`.`total` from `B25` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- invoice of B25 keys
select `i`.`id`, `cus`.`no`, `i`.`day` from `B25` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
-- invoice of B26
select `i`.`id`, `cus`.`no`, `i`.`day`, `i`.`total` from `B26` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `i`.`id` in (?);
-- invoice of B26 keys
select `i`.`id`, `cus`.`no`, `i`.`day` from `B26` as `i` left join `CUS` as `cus` on `cus`.`no` = `i`.`cus` where `cus`.`no` in (?);
