create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
create table R (id VARCHAR(40) primary key, cus VARCHAR(10), started INTEGER, n INTEGER, txt TEXT);
create table T (a INTEGER, b TEXT);
