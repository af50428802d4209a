create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'One');
create table R (id VARCHAR(10) primary key, co VARCHAR(4), cus VARCHAR(10), due DATE, `order` VARCHAR(10), `odd #1` VARCHAR(10), `a``b` VARCHAR(10));
insert into R values ('A1', 'D1', 'C1', '2026-03-10', 'o', 'h', 'q'), ('A2', 'D2', 'C1', '2026-12-31', '', '', ''), ('A3', 'D1', 'C1', '2026-03-09', '', '', '');
