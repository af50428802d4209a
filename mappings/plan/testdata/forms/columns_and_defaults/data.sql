create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table R (id INTEGER primary key, cus VARCHAR(10), job VARCHAR(10), kind CHAR(2), started DATE, due DATETIME, flag TINYINT, qty DECIMAL(8,2), amount TEXT, note VARCHAR(60), day TEXT);
insert into R values
 (1, 'C1', ' J1 ', 'R ', '2026-03-08', '2026-03-08 02:30:00', 2, 3.00, '100', 'short', '12.5'),
 (2, 'C1', '', 'L', '0000-00-00', '2026-11-01 01:30:00', -1, 1, '1250.005', 'N/A', ''),
 (3, 'c1', 'X', 'R', NULL, NULL, 0, NULL, NULL, NULL, NULL),
 (4, 'C1', NULL, NULL, NULL, '2026-07-01 00:00:00', NULL, NULL, NULL, NULL, NULL),
 (5, 'C1', 'J5', 'Z', NULL, NULL, 0, NULL, NULL, NULL, NULL),
 (6, 'C1', 'J6', 'R', NULL, NULL, 0, 1.5, NULL, 'much too long a text', 'abc');
