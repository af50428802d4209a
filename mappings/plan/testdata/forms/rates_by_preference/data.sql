create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table C (code CHAR(3) primary key, type CHAR(3));
insert into C values ('EX', 'CAT'), ('LI', 'CAT'), ('NO', 'ETC');
create table G (code CHAR(4) primary key, cat CHAR(3));
insert into G values ('EX1', 'EX'), ('EX2', 'EX'), ('LI1', 'LI');
create table P (class CHAR(4), cus VARCHAR(10), days INTEGER, price TEXT, tab VARCHAR(8));
insert into P values ('EX1','',1,'100.00','B1'), ('EX1','',7,'500','B1'), ('EX1','C1',1,'90','K1'), ('EX1','c1',7,'1','LEAK'), ('EX2',NULL,1,'70.5','B2'), ('EX2','C2',1,'60','K2');
