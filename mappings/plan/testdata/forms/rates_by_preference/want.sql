-- SQLite
-- customer
select `cus`.`no`, `cus`.`name` from `CUS` as `cus` where `cus`.`no` in (?);
-- customer keys
select `cus`.`no` from `CUS` as `cus` where rtrim(`cus`.`no`) in (?);
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c` where rtrim(`c`.`type`) in (?);
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`cus`, `p`.`days`, `p`.`price`, `p`.`tab` from `P` as `p` where `p`.`class` in (?) and ((`p`.`cus` in (?)) or ((`p`.`cus` is null or trim(`p`.`cus`) = '')));

-- MySQL
-- customer
select `cus`.`no`, `cus`.`name` from `CUS` as `cus` where `cus`.`no` in (?);
-- customer keys
select `cus`.`no` from `CUS` as `cus` where `cus`.`no` in (?);
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c` where (`c`.`type` in (?) and convert(`c`.`type` using utf8mb4) collate utf8mb4_bin in (?));
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`cus`, `p`.`days`, `p`.`price`, `p`.`tab` from `P` as `p` where `p`.`class` in (?) and ((`p`.`cus` in (?)) or ((`p`.`cus` is null or trim(`p`.`cus`) = '')));
