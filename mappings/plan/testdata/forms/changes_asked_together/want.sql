-- SQLite
-- changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`chg` is null or cast(`r`.`chg` as char) like '0000-%' or cast(`r`.`chg` as char) like '____-00-%' or cast(`r`.`chg` as char) like '____-__-00%'));
-- changes of catalog in r required tables
select exists (select 1 from `P` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?));
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`sent` from `K` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`live` in (?);
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`sent` from `K` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`live` in (?) and ((`r`.`chg` >= ?) or (`r`.`sent` >= ?));
-- changes of contract in r and changes of invoice in r and changes of invoice in m and changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, 0 from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?)) union all select `r`.`id`, `cus`.`no`, `r`.`made`, 1 from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`kind`) in (?, ?) and ((`r`.`made` >= ?)) union all select `m`.`id`, `m`.`cus`, `m`.`made`, 2 from `M` as `m` where ((`m`.`made` >= ?)) union all select `r`.`id`, `cus`.`no`, `r`.`chg`, 3 from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`chg` is null or cast(`r`.`chg` as char) like '0000-%' or cast(`r`.`chg` as char) like '____-00-%' or cast(`r`.`chg` as char) like '____-__-00%'));
-- changes of contract in r required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of contract in r required tables
select exists (select 1 from `K` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of invoice in m
select `m`.`id`, `m`.`cus`, `m`.`made` from `M` as `m`;
-- changes of invoice in m
select `m`.`id`, `m`.`cus`, `m`.`made` from `M` as `m` where ((`m`.`made` >= ?));
-- changes of invoice in r
select `r`.`id`, `cus`.`no`, `r`.`made` from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`kind`) in (?, ?);
-- changes of invoice in r
select `r`.`id`, `cus`.`no`, `r`.`made` from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`kind`) in (?, ?) and ((`r`.`made` >= ?));
-- changes of invoice in r required tables
select exists (select 1 from `N` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where rtrim(`cus`.`no`) in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);

-- MySQL
-- changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`chg` is null or cast(`r`.`chg` as char) like '0000-%' or cast(`r`.`chg` as char) like '____-00-%' or cast(`r`.`chg` as char) like '____-__-00%'));
-- changes of catalog in r required tables
select exists (select 1 from `P` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus`;
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?));
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`sent` from `K` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`live` in (?);
-- changes of contract in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, `r`.`sent` from `K` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`live` in (?) and ((`r`.`chg` >= ?) or (`r`.`sent` >= ?));
-- changes of contract in r and changes of invoice in r and changes of catalog in r
select `r`.`id`, `cus`.`no`, `r`.`chg`, 0 from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?)) union all select `r`.`id`, `cus`.`no`, `r`.`made`, 1 from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`cus`.`kind` in (?, ?) and convert(`cus`.`kind` using utf8mb4) collate utf8mb4_bin in (?, ?)) and ((`r`.`made` >= ?)) union all select `r`.`id`, `cus`.`no`, `r`.`chg`, 2 from `P` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where ((`r`.`chg` >= ?) or (`r`.`chg` is null or cast(`r`.`chg` as char) like '0000-%' or cast(`r`.`chg` as char) like '____-00-%' or cast(`r`.`chg` as char) like '____-__-00%'));
-- changes of contract in r required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of contract in r required tables
select exists (select 1 from `K` as `r`), exists (select 1 from `CUS` as `cus`);
-- changes of invoice in m
select `m`.`id`, `m`.`cus`, `m`.`made` from `M` as `m`;
-- changes of invoice in m
select `m`.`id`, `m`.`cus`, `m`.`made` from `M` as `m` where ((`m`.`made` >= ?));
-- changes of invoice in r
select `r`.`id`, `cus`.`no`, `r`.`made` from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`cus`.`kind` in (?, ?) and convert(`cus`.`kind` using utf8mb4) collate utf8mb4_bin in (?, ?));
-- changes of invoice in r
select `r`.`id`, `cus`.`no`, `r`.`made` from `N` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where (`cus`.`kind` in (?, ?) and convert(`cus`.`kind` using utf8mb4) collate utf8mb4_bin in (?, ?)) and ((`r`.`made` >= ?));
-- changes of invoice in r required tables
select exists (select 1 from `N` as `r`), exists (select 1 from `CUS` as `cus`);
-- contract
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `r`.`id` in (?);
-- contract keys
select `r`.`id`, `cus`.`no` from `R` as `r` join `CUS` as `cus` on `cus`.`no` = `r`.`cus` where `cus`.`no` in (?);
-- contract keys required tables
select exists (select 1 from `R` as `r`), exists (select 1 from `CUS` as `cus`);
