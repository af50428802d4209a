create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table I (no INTEGER primary key, cus VARCHAR(10), date TEXT, time INTEGER, total TEXT);
insert into I values (1, 'C1', '01/03/2026', 930, '1'), (2, 'C1', '28/02/2026', 0, '2,5'), (10, 'C1', '01/03/2026', 930, '1.234,00'), (3, 'C1', 'soon', 0, '1'), (4, 'C1', NULL, 0, '1'), (5, 'C2', '01/01/2026', 0, '1');
