-- SQLite
-- contract
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town`, `r`.`total` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`r`.`up` is null or trim(`r`.`up`) = '') and rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.lines
select `d`.`id`, `d`.`unit` from `R` as `d` where `d`.`id` in (?);
-- contract.lines
select `d`.`up`, `d`.`id`, `d`.`unit` from `R` as `d` where `d`.`up` in (?);
-- contract.open
select `open`.`rental`, `open`.`seq` from `D` as `open` where `open`.`rental` in (?) and `open`.`done` in (?);
-- contract.open.k
select `k`.`rental`, `k`.`seq`, `k`.`back` from `K` as `k` where (`k`.`rental`, `k`.`seq`) in (values (?, ?));
-- dealer-category
select `c`.`no` from `T` as `c` where `c`.`no` in (?);
-- dealer-category keys
select `c`.`no` from `T` as `c` where rtrim(`c`.`kind`) in (?) and (`c`.`up` is null);
-- dealer-category.groups
select `m`.`up`, `g`.`no` from `T` as `g` left join `T` as `m` on `m`.`no` = `g`.`up` where `m`.`up` in (?) and rtrim(`g`.`kind`) in (?);
-- dealer-category.groups
select `w`.`cat`, `w`.`sort`, `w`.`prod` from `W` as `w` where `w`.`cat` in (?);
-- dealer-category.groups required tables
select exists (select 1 from `W` as `w`), exists (select 1 from `T` as `p`);
-- dealer-category.groups.p
select `p`.`no` from `T` as `p` where rtrim(`p`.`kind`) in (?) and `p`.`no` in (?);
-- invoice
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- invoice keys
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- invoice keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- contract
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town`, `r`.`total` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`r`.`up` is null or trim(`r`.`up`) = '') and `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract.lines
select `d`.`id`, `d`.`unit` from `R` as `d` where `d`.`id` in (?);
-- contract.lines
select `d`.`up`, `d`.`id`, `d`.`unit` from `R` as `d` where `d`.`up` in (?);
-- contract.open
select `open`.`rental`, `open`.`seq` from `D` as `open` where `open`.`rental` in (?) and `open`.`done` in (?);
-- contract.open.k
select `k`.`rental`, `k`.`seq`, `k`.`back` from `K` as `k` where (`k`.`rental`, `k`.`seq`) in ((?, ?));
-- dealer-category
select `c`.`no` from `T` as `c` where `c`.`no` in (?);
-- dealer-category keys
select `c`.`no` from `T` as `c` where (`c`.`kind` in (?) and convert(`c`.`kind` using utf8mb4) collate utf8mb4_bin in (?)) and (`c`.`up` is null);
-- dealer-category.groups
select `m`.`up`, `g`.`no` from `T` as `g` left join `T` as `m` on `m`.`no` = `g`.`up` where `m`.`up` in (?) and (`g`.`kind` in (?) and convert(`g`.`kind` using utf8mb4) collate utf8mb4_bin in (?));
-- dealer-category.groups
select `w`.`cat`, `w`.`sort`, `w`.`prod` from `W` as `w` where `w`.`cat` in (?);
-- dealer-category.groups required tables
select exists (select 1 from `W` as `w`), exists (select 1 from `T` as `p`);
-- dealer-category.groups.p
select `p`.`no` from `T` as `p` where (`p`.`kind` in (?) and convert(`p`.`kind` using utf8mb4) collate utf8mb4_bin in (?)) and `p`.`no` in (?);
-- invoice
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- invoice keys
select `r`.`id`, `cus`.`no`, `r`.`street`, `r`.`town` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- invoice keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
