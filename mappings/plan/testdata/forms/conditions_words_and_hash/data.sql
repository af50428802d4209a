create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons'), ('c1', 'other'), ('C2', 'Two');
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), a VARCHAR(10), n INTEGER, addr VARCHAR(40), town VARCHAR(40), price TEXT);
insert into R values ('A1','C1','J',3,'12 Mill Road','Quillford','19.995'), ('A2','C1','N',0,' 12  MILL road ','quillford','1.5'), ('A3','C1','',NULL,NULL,NULL,NULL), ('A4','C1','Q',NULL,NULL,NULL,NULL);
