-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`unit` from (select * from OPEN_R union all select * from OLD_R) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from (select * from OPEN_R union all select * from OLD_R) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from (select * from OPEN_R union all select * from OLD_R) as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.eq
select `eq`.`unit`, `eq`.`serial`, `eq`.`class` from `EQ` as `eq` where `eq`.`unit` in (?);
-- contract.lines
select `p`.`class`, `p`.`no`, `p`.`name` from `PART` as `p` where `p`.`class` in (?);
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c`;
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`low`, `p`.`high`, `p`.`price` from `P` as `p` where `p`.`class` in (?);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`unit` from (select * from OPEN_R union all select * from OLD_R) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from (select * from OPEN_R union all select * from OLD_R) as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from (select * from OPEN_R union all select * from OLD_R) as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.eq
select `eq`.`unit`, `eq`.`serial`, `eq`.`class` from `EQ` as `eq` where `eq`.`unit` in (?);
-- contract.lines
select `p`.`class`, `p`.`no`, `p`.`name` from `PART` as `p` where `p`.`class` in (?);
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c`;
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`low`, `p`.`high`, `p`.`price` from `P` as `p` where `p`.`class` in (?);
