create table CUS (id INTEGER primary key, no INTEGER, name VARCHAR(40));
insert into CUS values (1, 412, 'One'), (2, 413, 'Twice'), (3, 413, 'Twice again'), (4, 0, 'Zero'), (5, NULL, 'None'), (6, 99999999, 'Long');
create table R (id VARCHAR(10) primary key, cus INTEGER);
insert into R values ('A1', 1), ('A2', 1), ('B1', 2), ('Z1', 4), ('N1', 5), ('L1', 6);
