create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), dlv TEXT, pku TEXT);
insert into R values ('A1', 'C1', '10.00', '0.00'), ('A2', 'C1', NULL, '7'), ('A3', 'C1', 'x', '1'), ('A4', 'C2', '1', '1');
create table L (rental VARCHAR(10), seq INTEGER, type CHAR(2), name VARCHAR(40), amount TEXT);
insert into L values ('A1', 10, 'RI', 'ten', '1,000.00'), ('A1', 9, 'RI', 'nine', '20-'), ('A1', 1, 'FE', 'Delivery', '5'),
 ('A1', 2, 'FE', 'Fuel', '3'), ('A1', 3, 'FE', 'Fuel', '3-'), ('A2', 1, 'RI', 'a name that is too long', '1'), ('A2', 2, 'RI', 'fine', '2'), ('a1', 1, 'RI', 'not ours', '9'), ('A4', 1, 'RI', 'not ours', '9');
