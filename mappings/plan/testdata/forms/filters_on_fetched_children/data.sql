create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons');
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), ref INTEGER);
insert into R values ('A1', 'C1', 1), ('A2', 'C1', 2), ('A3', 'C1', 3), ('A4', 'C1', 4), ('A5', 'C1', 5), ('A6', 'C1', 6);
create table L (rental VARCHAR(10), qty DECIMAL(10,2), amount TEXT, seen TEXT);
insert into L values ('A1', 0.1, '1.000,50', 'b'), ('A1', 0.2, '5,00-', 'a'), ('A2', 1, '3,00', 'c'), ('A2', -1, '3,00-', 'c'),
 ('A3', 2, '1,00', 'a'), ('A4', 5, 'twelve', 'a'), ('A6', 9, '7,00', 'z');
create table N (ref CHAR(6), note TEXT);
insert into N values ('000001', 'x'), ('000002', 'x'), ('000004', 'x'), ('000005', 'x'), ('000006', 'x');
