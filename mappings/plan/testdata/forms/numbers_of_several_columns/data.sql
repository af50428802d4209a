create table CUS (br CHAR(2), no INTEGER, name VARCHAR(40), primary key (br, no));
insert into CUS values ('C', 1, 'Hay & Sons'), ('C', 11, 'Eleven'), ('c', 1, 'small'), ('C1', 1, 'longer');
create table C (code CHAR(3) primary key);
insert into C values ('EX');
create table G (code CHAR(4) primary key, cat CHAR(3));
insert into G values ('EX1', 'EX'), ('EX2', 'EX');
create table P (class CHAR(4), cus VARCHAR(10), days INTEGER, price TEXT);
insert into P values ('EX1', '', 1, '100'), ('EX1', '', 7, '500'), ('EX1', 'C-001', 1, '90'), ('EX1', 'c-001', 7, '1'), ('EX2', 'C-011', 1, '5'), ('EX2', NULL, 7, '70');
