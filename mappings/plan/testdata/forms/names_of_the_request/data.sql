create table CUS (no INTEGER primary key, name VARCHAR(40));
insert into CUS values (1, 'Hay & Sons'), (2, 'Two');
create table C (code CHAR(3) primary key, dealer VARCHAR(4), until DATE, num INTEGER);
insert into C values ('A', 'D1', '2026-03-10', 1), ('B', 'D2', '2026-03-11', 0), ('D', 'D1', '2026-03-09', 0);
create table G (code CHAR(4) primary key, cat CHAR(3), cus INTEGER);
insert into G values ('G1', 'A', 1), ('G2', 'A', 2), ('G3', 'A', 0), ('G4', 'D', 1);
create table R (id VARCHAR(10) primary key, cus INTEGER);
insert into R values ('A1', 1), ('A2', 2);
