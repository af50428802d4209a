create table CUS (no VARCHAR(10) primary key, name VARCHAR(40));
insert into CUS values ('C1', 'Hay & Sons');
create table R (id VARCHAR(10) primary key, cus VARCHAR(10), parts TEXT, extras TEXT, more TEXT);
insert into R values
 ('A1', 'C1', '3;5;;5; 9', 'LI:120,50;AB:80,00;LI:1,00', '[{"text":"Diesel","amount":"40,10"},{"text":"Rope","amount":12.5},{"text":[]}]'),
 ('A2', 'C1', NULL, 'XX:1;LI:2:3', '[{"text":'),
 ('A3', 'C1', '7;seven;5', '', '{"text":"Lock","amount":"1"}'),
 ('A4', 'C1', '', 'AB:abc', NULL);
create table P (no INTEGER primary key, name VARCHAR(20), gone INTEGER);
insert into P values (3, 'Bucket', 0), (5, 'Auger', 0), (7, 'Rake', 1);
create table X (code CHAR(4) primary key, name VARCHAR(20));
insert into X values ('LI', 'Delivery'), ('AB', 'Pickup');
