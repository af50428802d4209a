create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), chg TIMESTAMP, day INTEGER, clock INTEGER);
insert into R values ('A1','C1','2026-03-01 11:56:00',NULL,NULL), ('A2','C2','2026-01-01 00:00:00',20260301,60100), ('A3','nobody','2026-03-05 00:00:00',NULL,NULL), ('A4','c1',NULL,NULL,NULL);
create table N (cus VARCHAR(10), made DATETIME);
insert into N values ('C1', NULL), ('C2', '2020-01-01 00:00:00');
create table S (rental VARCHAR(10) primary key, pdf BLOB);
insert into S values ('A1', x'255044462d');
