create table CLIENT (NO integer primary key, TITLE varchar(40));
create table HIRE (NO integer primary key, CLIENT integer, SITE varchar(10), `BRANCH#` char(4), KIND char(1), `OUT DATE` date,
                   DUE date, THRU date, OPEN integer, DEPOSIT decimal(9,2), TOUCHED timestamp);
create table HIRELINE (HIRE integer, SEQ integer, UNIT varchar(10), TITLE varchar(200), QTY integer, PRICE decimal(9,2));
create table BRANCH (CODE char(4) primary key, TITLE varchar(40));
insert into CLIENT values (318, 'Copperline Fencing'), (42, 'Nobody''s Client');
insert into HIRE values
  (9001, 318, 'RIVER', 'W1', 'H', '2026-04-02', null, '2026-04-30', 1, 0, '2026-05-01 10:00:00'),
  (9002, 318, 'RIVER', 'W1', 'X', '2026-04-02', null, null, 1, 0, '2026-05-02 10:00:00'),
  (9003, 318, 'RIVER', 'W1', 'L', '2026-04-03', '0000-00-00', null, 2, 0, '2026-05-03 10:00:00'),
  (9004, 318, 'RIVER', 'W1', 'L', '2026-04-03', null, null, 0, 0, '2026-05-03 10:00:00');
insert into HIRELINE values (9001, 1, 'PL-7', 'Plate compactor with an extension handle', 1, 310.25), (9003, 1, 'PL-8', 'Plate <small>', 2, 45.5);
insert into BRANCH values ('W1', 'West yard');
