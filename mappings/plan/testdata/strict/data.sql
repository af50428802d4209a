create table R (id VARCHAR(10) primary key, cus VARCHAR(10), total TEXT);
insert into R values ('A1', 'C1', '1'), ('A2', 'C1', 'secret');
