-- SQLite
-- contract
select `r`.`id`, `cus`.`no` from (with mine(id, cus) as (select id, cus from R where cus in (?)) select id, cus from mine) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from (with mine(id, cus) as (select id, cus from R where cus in (?)) select id, cus from mine) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (r.cus in (?)) and `cus`.`no` in (?);
-- dealer-category
select `c`.`code`, `c`.`until` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c` where rtrim(`c`.`dealer`) in (?) and not coalesce(`c`.`num` in (?), 0);
-- dealer-category.groups
select `g`.`cat`, `g`.`code`, `g`.`cus` from (select code, cat, cus, 'C000' || cus as number, ? as asked from G where cat in (?)) as `g` where `g`.`cat` in (?) and rtrim(`g`.`cus`) in (?) and (g.asked = ?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no` from (with mine(id, cus) as (select id, cus from R where cus in (?)) select id, cus from mine) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from (with mine(id, cus) as (select id, cus from R where cus in (?)) select id, cus from mine) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (r.cus in (?)) and `cus`.`no` in (?);
-- dealer-category
select `c`.`code`, `c`.`until` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c` where (`c`.`dealer` in (?) and convert(`c`.`dealer` using utf8mb4) collate utf8mb4_bin in (?)) and not coalesce(`c`.`num` in (?), 0);
-- dealer-category.groups
select `g`.`cat`, `g`.`code`, `g`.`cus` from (select code, cat, cus, 'C000' || cus as number, ? as asked from G where cat in (?)) as `g` where `g`.`cat` in (?) and `g`.`cus` in (?) and (g.asked = ?);
