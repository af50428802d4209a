-- SQLite
-- customer
select `cus`.`br`, `cus`.`no`, `cus`.`name` from `CUS` as `cus` where (`cus`.`br`, `cus`.`no`) in (values (?, ?));
-- customer keys
select `cus`.`br`, `cus`.`no` from `CUS` as `cus` where (rtrim(`cus`.`br`), `cus`.`no`) in (values (?, ?));
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c`;
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`cus`, `p`.`days`, `p`.`price` from `P` as `p` where `p`.`class` in (?) and ((`p`.`cus` in (?)) or ((`p`.`cus` is null or trim(`p`.`cus`) = '')));

-- MySQL
-- customer
select `cus`.`br`, `cus`.`no`, `cus`.`name` from `CUS` as `cus` where (`cus`.`br`, `cus`.`no`) in ((?, ?));
-- customer keys
select `cus`.`br`, `cus`.`no` from `CUS` as `cus` where (`cus`.`br`, `cus`.`no`) in ((?, ?));
-- dealer-category
select `c`.`code` from `C` as `c` where `c`.`code` in (?);
-- dealer-category keys
select `c`.`code` from `C` as `c`;
-- dealer-category.groups
select `g`.`cat`, `g`.`code` from `G` as `g` where `g`.`cat` in (?);
-- dealer-category.groups.rate
select `p`.`class`, `p`.`cus`, `p`.`days`, `p`.`price` from `P` as `p` where `p`.`class` in (?) and ((`p`.`cus` in (?)) or ((`p`.`cus` is null or trim(`p`.`cus`) = '')));
