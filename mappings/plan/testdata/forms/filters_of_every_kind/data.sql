create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table R (co CHAR(2), id VARCHAR(10), cus VARCHAR(10), stat CHAR(1), n INTEGER, txt VARCHAR(10), back DATE, primary key (co, id));
insert into R values ('01','A1','C1','R',1,'a',NULL), ('01','A2','C1','S',5,'b','0000-00-00'), ('01','A3','C1','X',1,'a',NULL), ('02','A1','C1','R',1,'a',NULL),
 ('01','A4','C1','R',9,'a',NULL), ('01','A5','C1','R',1,'a','2026-01-01'), ('01','A6','C1','R',NULL,'a',NULL), ('01','A7','C1','R',1,'q',NULL), ('01','A8','C1','r',1,'a',NULL), ('01','A9','C1','R',1,'a',NULL);
create table L (co CHAR(2), rental VARCHAR(10), type CHAR(2), amount TEXT, del INTEGER);
insert into L values ('01','A1','RI','1.10',0), ('01','A1','RI','2.20',0), ('01','A1','RI','4.40',1), ('02','A1','RI','8.80',0), ('01','A1','FE','16',0),
 ('01','A2','RI','0.1',0), ('01','A4','RI','1',0), ('01','A5','RI','1',0), ('01','A6','RI','1',0), ('01','A7','RI','1',0), ('01','A8','RI','1',0), ('01','A9','ZZ','1',0);
